// probes.h: the accesses of probes, the only instrumented code of the frame.
#ifndef FIBERSAN_TESTS_SOUNDNESS_PROBES_H
#define FIBERSAN_TESTS_SOUNDNESS_PROBES_H

namespace sound {

// Writes the byte that is there, by the instruction number `site`: pairs of stacks that were seen
// before are not reported again. Each write has an epoch of its own: stamps of one epoch merge.
void touch(unsigned site, char* byte);

// The flag of a slot, for the probe.
void acquire_flag(int slot);
void release_flag(int slot);
// For the fiber that a body spawns.
void store_flag(int slot);

}  // namespace sound

#endif  // FIBERSAN_TESTS_SOUNDNESS_PROBES_H
