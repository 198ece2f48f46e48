#include "detector/race/sync_table.h"

namespace fibersan {

SyncTable sync_table;

}  // namespace fibersan
