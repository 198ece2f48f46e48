#include "detector/race/sync_table.h"

namespace fibersan {

constinit SyncTable sync_table;

}  // namespace fibersan
