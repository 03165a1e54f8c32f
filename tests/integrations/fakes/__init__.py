"""The provider fakes, driven by the providers' own libraries over real HTTP."""
