"""How strong the rules are: the unit with one small fault after the other, and who notices."""
