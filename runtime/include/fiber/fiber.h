// fiber.h: everything of the fiber library.
#ifndef FIBER_FIBER_H
#define FIBER_FIBER_H

#include <fiber/blocking.h>
#include <fiber/channel.h>
#include <fiber/context.h>
#include <fiber/debug.h>
#include <fiber/defer.h>
#include <fiber/error.h>
#include <fiber/findings.h>
#include <fiber/go.h>
#include <fiber/leak_scope.h>
#include <fiber/local.h>
#include <fiber/net.h>
#include <fiber/run.h>
#include <fiber/select.h>
#include <fiber/sync.h>
#include <fiber/time.h>
#include <fiber/wait_group.h>

#endif  // FIBER_FIBER_H
