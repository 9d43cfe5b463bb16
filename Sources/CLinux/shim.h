// Calls and variables of Linux that Swift's Glibc module does not show, most of them behind _GNU_SOURCE.
#ifndef SEKISHO_LINUX_SHIM_H
#define SEKISHO_LINUX_SHIM_H

#include "files.h"
#include "processes.h"
#include "sockets.h"

#endif
