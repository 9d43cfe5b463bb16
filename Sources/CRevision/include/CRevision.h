#pragma once

/// The revision of git that the program was built of, with a mark where the working tree had changes; empty where nobody said.
const char *sekisho_revision(void);
