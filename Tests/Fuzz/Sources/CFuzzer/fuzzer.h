#pragma once

#include <stddef.h>
#include <stdint.h>

// compiler-rt, lib/fuzzer/FuzzerInterface.h; the compiler ships the library and not the header.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *bytes, size_t count));
