"""Files for those who program the PLCs, all made from the one process image: document, register table, SCL, reference program."""
