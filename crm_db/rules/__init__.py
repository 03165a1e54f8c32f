"""Pure rules: values in, frozen values out; `now` is an argument, nothing is read or written."""
