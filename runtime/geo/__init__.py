"""Where addresses are: databases in the MMDB format, read into the codes that scripts compare with."""
