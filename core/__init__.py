"""One shared core of Tandem; import what you need from here."""
