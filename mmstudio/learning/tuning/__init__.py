"""Settings found by trying: short trainings, the bad ones stopped early, the best kept for a real one."""
