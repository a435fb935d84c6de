"""The patient's story as FHIR R4 resources: mapping, search, and the edge."""
