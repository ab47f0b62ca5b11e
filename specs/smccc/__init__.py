"""Rules of DEN0028 (SMC Calling Convention) as FF-A uses it."""
