// sync_table.h: the Sync of an address, found and used under the lock of its bucket.
//
// Threads:  any. Rank 5: the locks of clock/ and shadow/ may be taken inside.
#ifndef FIBERSAN_DETECTOR_RACE_SYNC_TABLE_H
#define FIBERSAN_DETECTOR_RACE_SYNC_TABLE_H

#include "detector/clock/sync.h"
#include "detector/deadlock/lock_order.h"
#include "detector/race/address_table.h"

namespace fibersan {

using SyncTable = AddressTable<Sync>;
using LockedSync = SyncTable::Locked;

extern SyncTable sync_table;

// The range's next use is another one: no Sync, and no lock that was known, is in it.
inline void forget_syncs(uintptr_t address, uint64_t size) {
  sync_table.forget(address, size);
  forget_locks(address, size);
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_SYNC_TABLE_H
