-- What happened in 7 days happened in 28; quartiles are in their order.
select cohort as entity, event_timestamp from {{ ref('cohort_pace') }}
where active_learners_7d > active_learners_28d
  or completed_items_p25_28d > completed_items_median_28d
  or completed_items_median_28d > completed_items_p75_28d
union all
select learner, event_timestamp from {{ ref('learner_quiz_scores') }}
where results_7d > results_28d or quizzes_28d > results_28d or (results_7d = 0) <> (mean_score_7d is null)
union all
select item, event_timestamp from {{ ref('item_difficulty') }}
where learners_28d > results_28d or first_results_28d > results_28d or first_learners_28d > least(learners_28d, first_results_28d)
union all
select segment, event_timestamp from {{ ref('segment_profiles') }}
where active_learners_28d > learners
