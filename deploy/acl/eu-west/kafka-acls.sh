#!/bin/sh
# Who may do what on Kafka in region eu-west. Written by "skillforge deploy acls": do not edit.
# BOOTSTRAP: addresses of the brokers. COMMAND_CONFIG: properties of an administrator. KAFKA_ACLS: the tool, where it is not on the path.
set -eu
acls() { "${KAFKA_ACLS:-kafka-acls.sh}" --bootstrap-server "$BOOTSTRAP" --command-config "$COMMAND_CONFIG" "$@"; }
acls --add --allow-principal User:eu-west.exporter --operation Describe --group skillforge.eu-west. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.exporter --operation Describe --topic eu-west. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.gateway --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-west.clicks --resource-pattern-type literal
acls --add --allow-principal User:eu-west.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-west.exposures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-west.feedback --resource-pattern-type literal
acls --add --allow-principal User:eu-west.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-west.lms-events --resource-pattern-type literal
acls --add --allow-principal User:eu-west.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-west.quiz-results --resource-pattern-type literal
acls --add --allow-principal User:eu-west.gateway --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.rights-outcomes --resource-pattern-type literal
acls --add --allow-principal User:eu-west.gateway --operation Create --operation DescribeConfigs --operation Write --topic eu-west.rights-requests --resource-pattern-type literal
acls --add --allow-principal User:eu-west.gateway --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.writers --resource-pattern-type literal
acls --add --allow-principal User:eu-west.gateway --operation Describe --operation Write --transactional-id skillforge.eu-west.writer.gateway --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.operator --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.operator --operation Delete --operation Describe --operation Read --group skillforge.eu-west. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.operator --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs --operation Read --operation Write --topic eu-west. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.operator --operation Describe --operation Write --transactional-id skillforge.eu-west. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.reader --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.reader --operation DescribeConfigs --operation Read --topic eu-west.catalogue --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader --operation DescribeConfigs --operation Read --topic eu-west.control --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader --operation DescribeConfigs --operation Read --topic eu-west.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader --operation DescribeConfigs --operation Read --topic eu-west.overrides --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader --operation DescribeConfigs --operation Read --topic eu-west.recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader --operation DescribeConfigs --operation Read --topic eu-west.recommendations.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.reader --operation DescribeConfigs --operation Read --topic eu-west.segment-recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader-console --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.reader-console --operation DescribeConfigs --operation Read --topic eu-west. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.reader-events --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.reader-events --operation DescribeConfigs --operation Read --topic eu-west.catalogue --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader-events --operation DescribeConfigs --operation Read --topic eu-west.control --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader-events --operation Create --operation DescribeConfigs --operation Write --topic eu-west.exposures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader-events --operation Create --operation DescribeConfigs --operation Write --topic eu-west.feedback --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader-events --operation DescribeConfigs --operation Read --topic eu-west.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader-events --operation DescribeConfigs --operation Read --topic eu-west.overrides --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader-events --operation DescribeConfigs --operation Read --topic eu-west.recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader-events --operation DescribeConfigs --operation Read --topic eu-west.recommendations.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.reader-events --operation DescribeConfigs --operation Read --topic eu-west.segment-recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader-events --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.writers --resource-pattern-type literal
acls --add --allow-principal User:eu-west.reader-events --operation Describe --operation Write --transactional-id skillforge.eu-west.writer.reader --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.trainer --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.trainer --operation DescribeConfigs --operation Read --topic eu-west.curricula --resource-pattern-type literal
acls --add --allow-principal User:eu-west.trainer --operation DescribeConfigs --operation Read --topic eu-west.curricula.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.trainer --operation DescribeConfigs --operation Read --topic eu-west.feature-log --resource-pattern-type literal
acls --add --allow-principal User:eu-west.trainer --operation DescribeConfigs --operation Read --topic eu-west.feature-log.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.trainer --operation DescribeConfigs --operation Read --topic eu-west.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-west.trainer --operation DescribeConfigs --operation Read --topic eu-west.learner-activity.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.trainer --operation DescribeConfigs --operation Read --topic eu-west.learner-contexts --resource-pattern-type literal
acls --add --allow-principal User:eu-west.trainer --operation DescribeConfigs --operation Read --topic eu-west.learner-contexts.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.trainer --operation DescribeConfigs --operation Read --topic eu-west.profiles --resource-pattern-type literal
acls --add --allow-principal User:eu-west.trainer --operation DescribeConfigs --operation Read --topic eu-west.profiles.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.cohort-trends --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.cohort-trends --operation Read --group 'skillforge.eu-west.cohort-trends@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.cohort-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-west.cohort-trends --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.cohort-trends --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.cohort-trends.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.cohort-trends --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.control --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.cohort-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.cohort-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.cohort-trends --operation DescribeConfigs --operation Read --topic eu-west.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.cohort-trends --operation DescribeConfigs --operation Read --topic eu-west.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.cohort-trends --operation Describe --operation Write --transactional-id skillforge.eu-west.task.cohort-trends. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.curricula --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.curricula --operation Read --group 'skillforge.eu-west.curricula@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.curricula --operation DescribeConfigs --operation Read --topic eu-west.catalogue --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.curricula --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.control --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.curricula --operation Create --operation DescribeConfigs --operation Write --topic eu-west.curricula --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.curricula --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.curricula.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.curricula --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.curricula --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.curricula --operation DescribeConfigs --operation Read --topic eu-west.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.curricula --operation Describe --operation Write --transactional-id skillforge.eu-west.task.curricula. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.item-trends --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.item-trends --operation Read --group 'skillforge.eu-west.item-trends@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.item-trends --operation DescribeConfigs --operation Read --topic eu-west.clicks --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.item-trends --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.control --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.item-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.item-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.item-trends --operation Create --operation DescribeConfigs --operation Write --topic eu-west.item-trends --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.item-trends --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.item-trends.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.item-trends --operation DescribeConfigs --operation Read --topic eu-west.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.item-trends --operation Describe --operation Write --transactional-id skillforge.eu-west.task.item-trends. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-activity --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-activity --operation Read --group 'skillforge.eu-west.learner-activity@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-activity --operation DescribeConfigs --operation Read --topic eu-west.clicks --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-activity --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.control --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-activity --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-activity --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-activity --operation Create --operation DescribeConfigs --operation Write --topic eu-west.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-activity --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.learner-activity.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-activity --operation DescribeConfigs --operation Read --topic eu-west.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-activity --operation Describe --operation Write --transactional-id skillforge.eu-west.task.learner-activity. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation Read --group 'skillforge.eu-west.learner-contexts@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.control --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation DescribeConfigs --operation Read --topic eu-west.curricula --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation DescribeConfigs --operation Read --topic eu-west.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation Create --operation DescribeConfigs --operation Write --topic eu-west.learner-contexts --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.learner-contexts.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation DescribeConfigs --operation Read --topic eu-west.lms-events --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation DescribeConfigs --operation Read --topic eu-west.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation DescribeConfigs --operation Read --topic eu-west.profiles --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-contexts --operation Describe --operation Write --transactional-id skillforge.eu-west.task.learner-contexts. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-engagement --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-engagement --operation Read --group 'skillforge.eu-west.learner-engagement@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-engagement --operation DescribeConfigs --operation Read --topic eu-west.clicks --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.control --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.learner-engagement.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Write --topic eu-west.learner-features --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-engagement --operation Create --operation DescribeConfigs --operation Write --topic eu-west.learner-features.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.learner-engagement --operation DescribeConfigs --operation Read --topic eu-west.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.learner-engagement --operation Describe --operation Write --transactional-id skillforge.eu-west.task.learner-engagement. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.quiz-mastery --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.quiz-mastery --operation Read --group 'skillforge.eu-west.quiz-mastery@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.control --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Write --topic eu-west.learner-mastery --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Write --topic eu-west.learner-mastery.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.quiz-mastery --operation DescribeConfigs --operation Read --topic eu-west.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.quiz-mastery --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.quiz-mastery.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.quiz-mastery --operation DescribeConfigs --operation Read --topic eu-west.quiz-results --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.quiz-mastery --operation Describe --operation Write --transactional-id skillforge.eu-west.task.quiz-mastery. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.recommendations --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.recommendations --operation Read --group 'skillforge.eu-west.recommendations@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.recommendations --operation Create --operation DescribeConfigs --operation Read --topic eu-west.batch-features --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-west.cohort-trends --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.control --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-west.curricula --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.recommendations --operation Create --operation DescribeConfigs --operation Write --topic eu-west.feature-log --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation Create --operation DescribeConfigs --operation Write --topic eu-west.feature-log.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-west.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-west.learner-contexts --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-west.learner-features --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-west.learner-mastery --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-west.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation Create --operation DescribeConfigs --operation Write --topic eu-west.recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.recommendations.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.recommendations --operation DescribeConfigs --operation Read --topic eu-west.segment-recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.recommendations --operation Describe --operation Write --transactional-id skillforge.eu-west.task.recommendations. --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.segment-lists --operation Read --group skillforge-reader- --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.segment-lists --operation Read --group 'skillforge.eu-west.segment-lists@' --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.segment-lists --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.control --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.segment-lists --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.segment-lists --operation Create --operation DescribeConfigs --operation Write --topic eu-west.dead-letters.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.segment-lists --operation DescribeConfigs --operation Read --topic eu-west.learner-activity --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.segment-lists --operation DescribeConfigs --operation Read --topic eu-west.learner-contexts --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.segment-lists --operation DescribeConfigs --operation Read --topic eu-west.measures --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.segment-lists --operation Create --operation DescribeConfigs --operation Read --operation Write --topic eu-west.segment-lists.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.segment-lists --operation Create --operation DescribeConfigs --operation Write --topic eu-west.segment-recommendations --resource-pattern-type literal
acls --add --allow-principal User:eu-west.worker.segment-lists --operation Create --operation DescribeConfigs --operation Write --topic eu-west.segment-recommendations.v --resource-pattern-type prefixed
acls --add --allow-principal User:eu-west.worker.segment-lists --operation Describe --operation Write --transactional-id skillforge.eu-west.task.segment-lists. --resource-pattern-type prefixed
