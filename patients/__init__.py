"""What would be true of a patient who had never taken sirolimus."""
