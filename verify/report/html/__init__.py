"""The report as one page: a matrix of rules, and a section for each finding."""
