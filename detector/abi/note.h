/* note.h: what an ELF file says of its instrumentation, for who reads it without running it.
 *
 * Each object file with code that the pass has seen has one note of type FSAN_NOTE_INSTRUMENTED,
 * also when it found nothing to instrument there; the detector brings one of type
 * FSAN_NOTE_DETECTOR. They are ELF notes in an allocated section, so linkers append them to each
 * other, keep them when they collect garbage, and show them as a PT_NOTE segment that outlives
 * `strip`.
 *
 * Layout of a note, little-endian, all parts padded to 4 bytes:
 *   Elf64_Nhdr         n_namesz 9, n_descsz, n_type
 *   name               "FiberSan\0"
 *   struct fsan_note   then two texts with a final zero: FiberSan's version, and the pass's
 *                      options other than the defaults, with blanks between them
 */
#ifndef FIBERSAN_DETECTOR_ABI_NOTE_H
#define FIBERSAN_DETECTOR_ABI_NOTE_H

#include <stdint.h>

#define FSAN_NOTE_SECTION ".note.fibersan"
#define FSAN_NOTE_NAME "FiberSan"

enum fsan_note_type { FSAN_NOTE_INSTRUMENTED = 1, FSAN_NOTE_DETECTOR = 2 };

struct fsan_note {
  uint32_t abi_version; /* FSAN_ABI_VERSION */
  uint32_t functions;   /* whose accesses are checked; of the detector: 0 */
};

#endif /* FIBERSAN_DETECTOR_ABI_NOTE_H */
