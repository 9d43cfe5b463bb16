// SHA-256 (FIPS 180-4) by the SHA extensions of x86-64 processors.
#ifndef SEKISHO_SHA256_SHIM_H
#define SEKISHO_SHA256_SHIM_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

// CPUID leaf 7: EBX bit 29 is SHA; leaf 1: ECX bits 9 and 19 are SSSE3 and SSE4.1.
static inline int sekisho_sha256_is_supported(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 9) || !(c & 1u << 19)) return 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1u << 29);
}

// Absorbs whole blocks of 64 bytes. Words of the state are kept as the instructions want them: A, B, E, F
// in one register and C, D, G, H in the other.
__attribute__((target("sha,ssse3,sse4.1"))) static inline void sekisho_sha256_absorb(
    uint32_t *state, const uint32_t *constants, const uint8_t *data, size_t blocks) {
  const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
  __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
  __m128i abef = _mm_alignr_epi8(low, high, 8);
  __m128i cdgh = _mm_blend_epi16(high, low, 0xf0);
  for (; blocks > 0; blocks--, data += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i words[4];
    for (int index = 0; index < 4; index++)
      words[index] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(data + 16 * index)), order);
#pragma clang loop unroll(full)
    for (int four = 0; four < 16; four++) {
      __m128i *w = &words[four & 3];
      __m128i sum = _mm_add_epi32(*w, _mm_loadu_si128((const __m128i *)(constants + 4 * four)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
      if (four >= 12) continue;
      const __m128i late = words[(four + 3) & 3];
      *w = _mm_sha256msg2_epu32(
          _mm_add_epi32(
              _mm_sha256msg1_epu32(*w, words[(four + 1) & 3]),
              _mm_alignr_epi8(late, words[(four + 2) & 3], 4)),
          late);
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  low = _mm_shuffle_epi32(abef, 0x1b);
  high = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(low, high, 0xf0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(high, low, 8));
}
#else
static inline int sekisho_sha256_is_supported(void) { return 0; }
static inline void sekisho_sha256_absorb(
    uint32_t *state, const uint32_t *constants, const uint8_t *data, size_t blocks) {}
#endif

#endif
