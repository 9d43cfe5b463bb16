#include "CRevision.h"

// Package.swift defines it, by the environment of the build. A file of C, so that another revision compiles nothing else anew.
#ifndef SEKISHO_REVISION
#define SEKISHO_REVISION ""
#endif

const char *sekisho_revision(void) { return SEKISHO_REVISION; }
