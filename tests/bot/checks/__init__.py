"""The acceptance table: for each rule what GitHub holds when it holds, does not, is waived, does not apply, cannot be seen."""
