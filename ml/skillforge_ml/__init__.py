"""Training for SkillForge Streams: reads a training export, writes model bundles."""

__version__ = "0.1.0"
