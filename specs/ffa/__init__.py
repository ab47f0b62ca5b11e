"""Rules of DEN0077A (Arm Firmware Framework for Arm A-profile)."""
