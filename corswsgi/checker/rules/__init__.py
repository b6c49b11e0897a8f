"""The rules: functions that look at what came and yield findings, by subject, as the table of kinds is."""
