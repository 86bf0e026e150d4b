"""`toolkit doctor`: checks what the toolkit needs on this machine, and says what to do where something is wrong.

Belongs here: one file for each matter that is checked, and `all_checks`, which runs them in order. Does not belong
here: how results are printed (`toolkit.cli.commands.doctor`), and repairs, which no check makes. Hands out
`run_all_checks` (`all_checks`), which returns `CheckResult`s (`check_result`).
"""
