"""The feature store of SkillForge Streams: Feast's repository, point-in-time training sets, and the comparison with what serving saw."""
