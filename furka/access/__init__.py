"""Who may do what, where and when: pure functions over frozen records; no database, framework or clock."""
