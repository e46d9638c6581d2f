#!/bin/sh
# Who may do what on Kafka in region eu-central. Written by "skillforge deploy acls": do not edit.
# BOOTSTRAP: addresses of the brokers. COMMAND_CONFIG: properties of an administrator. KAFKA_ACLS: the tool, where it is not on the path.
set -eu
acls() { "${KAFKA_ACLS:-kafka-acls.sh}" --bootstrap-server "$BOOTSTRAP" --command-config "$COMMAND_CONFIG" "$@"; }
acls --add --allow-principal User:eu-central.exporter --operation Describe --group skillforge.eu-central. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.exporter --operation Describe --topic eu-central. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.gateway --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-central.clicks --resource-pattern-type literal
acls --add --allow-principal User:eu-central.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-central.exposures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-central.feedback --resource-pattern-type literal
acls --add --allow-principal User:eu-central.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-central.lms-events --resource-pattern-type literal
acls --add --allow-principal User:eu-central.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-central.quiz-results --resource-pattern-type literal
acls --add --allow-principal User:eu-central.gateway --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.rights-outcomes --resource-pattern-type literal
acls --add --allow-principal User:eu-central.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-central.rights-requests --resource-pattern-type literal
acls --add --allow-principal User:eu-central.gateway --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.writers --resource-pattern-type literal
acls --add --allow-principal User:eu-central.gateway --operation Describe --operation Write --transactional-id skillforge.eu-central.writer.gateway --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.operator --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.operator --operation Delete --operation Describe --operation Read --group skillforge.eu-central. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.operator --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs --operation Read --operation Write --topic eu-central. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.operator --operation Describe --operation Write --transactional-id skillforge.eu-central. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.reader --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.reader --operation DescribeConfigs --operation Read --topic eu-central.catalogue --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader --operation DescribeConfigs --operation Read --topic eu-central.control --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader --operation DescribeConfigs --operation Read --topic eu-central.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader --operation DescribeConfigs --operation Read --topic eu-central.overrides --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader --operation DescribeConfigs --operation Read --topic eu-central.recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader --operation DescribeConfigs --operation Read --topic eu-central.recommendations.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.reader --operation DescribeConfigs --operation Read --topic eu-central.segment-recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader-console --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.reader-console --operation DescribeConfigs --operation Read --topic eu-central. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.reader-events --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.reader-events --operation DescribeConfigs --operation Read --topic eu-central.catalogue --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader-events --operation DescribeConfigs --operation Read --topic eu-central.control --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader-events --operation Create --operation DescribeConfigs --operation Write --topic eu-central.exposures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader-events --operation Create --operation DescribeConfigs --operation Write --topic eu-central.feedback --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader-events --operation DescribeConfigs --operation Read --topic eu-central.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader-events --operation DescribeConfigs --operation Read --topic eu-central.overrides --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader-events --operation DescribeConfigs --operation Read --topic eu-central.recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader-events --operation DescribeConfigs --operation Read --topic eu-central.recommendations.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.reader-events --operation DescribeConfigs --operation Read --topic eu-central.segment-recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader-events --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.writers --resource-pattern-type literal
acls --add --allow-principal User:eu-central.reader-events --operation Describe --operation Write --transactional-id skillforge.eu-central.writer.reader --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.trainer --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.trainer --operation DescribeConfigs --operation Read --topic eu-central.curricula --resource-pattern-type literal
acls --add --allow-principal User:eu-central.trainer --operation DescribeConfigs --operation Read --topic eu-central.curricula.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.trainer --operation DescribeConfigs --operation Read --topic eu-central.feature-log --resource-pattern-type literal
acls --add --allow-principal User:eu-central.trainer --operation DescribeConfigs --operation Read --topic eu-central.feature-log.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.trainer --operation DescribeConfigs --operation Read --topic eu-central.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-central.trainer --operation DescribeConfigs --operation Read --topic eu-central.learner-activity.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.trainer --operation DescribeConfigs --operation Read --topic eu-central.learner-contexts --resource-pattern-type literal
acls --add --allow-principal User:eu-central.trainer --operation DescribeConfigs --operation Read --topic eu-central.learner-contexts.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.trainer --operation DescribeConfigs --operation Read --topic eu-central.profiles --resource-pattern-type literal
acls --add --allow-principal User:eu-central.trainer --operation DescribeConfigs --operation Read --topic eu-central.profiles.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.cohort-trends --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.cohort-trends --operation Read --group 'skillforge.eu-central.cohort-trends@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.cohort-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-central.cohort-trends --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.cohort-trends --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.cohort-trends.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.cohort-trends --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.control --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.cohort-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.cohort-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.cohort-trends --operation DescribeConfigs --operation Read --topic eu-central.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.cohort-trends --operation DescribeConfigs --operation Read --topic eu-central.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.cohort-trends --operation Describe --operation Write --transactional-id skillforge.eu-central.task.cohort-trends. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.curricula --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.curricula --operation Read --group 'skillforge.eu-central.curricula@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.curricula --operation DescribeConfigs --operation Read --topic eu-central.catalogue --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.curricula --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.control --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.curricula --operation Create --operation DescribeConfigs --operation Write --topic eu-central.curricula --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.curricula --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.curricula.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.curricula --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.curricula --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.curricula --operation DescribeConfigs --operation Read --topic eu-central.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.curricula --operation Describe --operation Write --transactional-id skillforge.eu-central.task.curricula. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.item-trends --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.item-trends --operation Read --group 'skillforge.eu-central.item-trends@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.item-trends --operation DescribeConfigs --operation Read --topic eu-central.clicks --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.item-trends --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.control --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.item-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.item-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.item-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-central.item-trends --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.item-trends --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.item-trends.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.item-trends --operation DescribeConfigs --operation Read --topic eu-central.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.item-trends --operation Describe --operation Write --transactional-id skillforge.eu-central.task.item-trends. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-activity --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-activity --operation Read --group 'skillforge.eu-central.learner-activity@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-activity --operation DescribeConfigs --operation Read --topic eu-central.clicks --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-activity --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.control --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-activity --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-activity --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-activity --operation Create --operation DescribeConfigs --operation Write --topic eu-central.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-activity --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.learner-activity.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-activity --operation DescribeConfigs --operation Read --topic eu-central.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-activity --operation Describe --operation Write --transactional-id skillforge.eu-central.task.learner-activity. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation Read --group 'skillforge.eu-central.learner-contexts@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.control --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation DescribeConfigs --operation Read --topic eu-central.curricula --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation DescribeConfigs --operation Read --topic eu-central.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation Create --operation DescribeConfigs --operation Write --topic eu-central.learner-contexts --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.learner-contexts.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation DescribeConfigs --operation Read --topic eu-central.lms-events --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation DescribeConfigs --operation Read --topic eu-central.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation DescribeConfigs --operation Read --topic eu-central.profiles --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-contexts --operation Describe --operation Write --transactional-id skillforge.eu-central.task.learner-contexts. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-engagement --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-engagement --operation Read --group 'skillforge.eu-central.learner-engagement@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-engagement --operation DescribeConfigs --operation Read --topic eu-central.clicks --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.control --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.learner-engagement.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Write --topic eu-central.learner-features --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Write --topic eu-central.learner-features.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.learner-engagement --operation DescribeConfigs --operation Read --topic eu-central.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.learner-engagement --operation Describe --operation Write --transactional-id skillforge.eu-central.task.learner-engagement. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.quiz-mastery --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.quiz-mastery --operation Read --group 'skillforge.eu-central.quiz-mastery@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.control --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Write --topic eu-central.learner-mastery --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Write --topic eu-central.learner-mastery.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.quiz-mastery --operation DescribeConfigs --operation Read --topic eu-central.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.quiz-mastery.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.quiz-mastery --operation DescribeConfigs --operation Read --topic eu-central.quiz-results --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.quiz-mastery --operation Describe --operation Write --transactional-id skillforge.eu-central.task.quiz-mastery. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.recommendations --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.recommendations --operation Read --group 'skillforge.eu-central.recommendations@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.recommendations --operation Create --operation DescribeConfigs --operation Read --topic eu-central.batch-features --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-central.cohort-trends --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.control --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-central.curricula --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.recommendations --operation Create --operation DescribeConfigs --operation Write --topic eu-central.feature-log --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation Create --operation DescribeConfigs --operation Write --topic eu-central.feature-log.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-central.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-central.learner-contexts --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-central.learner-features --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-central.learner-mastery --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-central.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation Create --operation DescribeConfigs --operation Write --topic eu-central.recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.recommendations.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-central.segment-recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.recommendations --operation Describe --operation Write --transactional-id skillforge.eu-central.task.recommendations. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.segment-lists --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.segment-lists --operation Read --group 'skillforge.eu-central.segment-lists@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.segment-lists --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.control --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.segment-lists --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.segment-lists --operation Create --operation DescribeConfigs --operation Write --topic eu-central.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.segment-lists --operation DescribeConfigs --operation Read --topic eu-central.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.segment-lists --operation DescribeConfigs --operation Read --topic eu-central.learner-contexts --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.segment-lists --operation DescribeConfigs --operation Read --topic eu-central.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.segment-lists --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-central.segment-lists.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.segment-lists --operation Create --operation DescribeConfigs --operation Write --topic eu-central.segment-recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-central.worker.segment-lists --operation Create --operation DescribeConfigs --operation Write --topic eu-central.segment-recommendations.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-central.worker.segment-lists --operation Describe --operation Write --transactional-id skillforge.eu-central.task.segment-lists. --resource-pattern-type prefixed
