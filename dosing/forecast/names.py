"""What covariates are called."""

HAEMATOCRIT = "haematocrit"
WEIGHT = "weight"
BILIRUBIN = "total bilirubin"
GENOTYPE = "CYP3A5 genotype"
OXCARBAZEPINE = "oxcarbazepine"
INTERACTION = "interaction factor"
