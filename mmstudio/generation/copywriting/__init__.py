"""Copy: engines that write, a guard that checks every text against the item's facts."""
