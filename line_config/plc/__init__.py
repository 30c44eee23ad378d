"""Files for those who program the PLCs, all from the one process image: document, registers, SCL, reference program."""
