// What all kernels share. The program is compiled for one model: WIDTH (hidden size), HEAD_SIZE, HEADS, LONGEST (tokens),
// ACTIVATION (0 GELU, 1 GELU by tanh, 2 ReLU) and, for products in bfloat16, BF16 are defined on the compiler's command line.
// Values between products are kept in the kind of the products (`value`); all arithmetic is in float32.

typedef unsigned long long u64;

#ifdef BF16
typedef unsigned short value;
__device__ __forceinline__ float load(value x) { return __uint_as_float((unsigned)x << 16); }
__device__ __forceinline__ value rounded(float x) {
#if __CUDA_ARCH__ >= 800
    value bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
#else
    unsigned bits = __float_as_uint(x);
    return x == x ? (bits + 0x7fff + ((bits >> 16) & 1)) >> 16 : 0x7fc0;
#endif
}
#else
typedef float value;
__device__ __forceinline__ float load(value x) { return x; }
__device__ __forceinline__ value rounded(float x) { return x; }
#endif

const int LANES = 32;
// Elements whose dropout masks are made together: 4 from each of 8 random words. Element `8 * lane + word` takes the 16
// bits number `lane` of that word (src/model/dropout.rs).
const int BLOCK = 32;
// Columns that a warp takes at a time: four blocks, each lane one word of one block and so four elements.
const int STRIP = 128;
// Runs of one launch.
const int RUNS = 64;

// A run's rows and its dropout: threshold 0 is none.
struct Run {
    u64 key;
    int first;
    unsigned threshold;
    float scale;
    int unused;
};

struct Runs {
    int count;
    int unused;
    Run run[RUNS];
};

__device__ __forceinline__ float infinity() { return __int_as_float(0x7f800000); }

__device__ __forceinline__ u64 mixed(u64 z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

// 64 random bits (src/model/random.rs).
__device__ __forceinline__ u64 bits(u64 key, u64 index) { return mixed(key + index * 0x9E3779B97F4A7C15ull); }

// What an element is multiplied by, from the bits of its word.
__device__ __forceinline__ float kept(u64 bits, int lane, unsigned threshold, float scale) {
    return ((unsigned)(bits >> (16 * lane)) & 0xffff) >= threshold ? scale : 0.0f;
}

// The last run that begins at or before a row.
__device__ __forceinline__ const Run& run_of(const Runs& runs, int row) {
    int low = 0, high = runs.count;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (runs.run[middle].first <= row) low = middle; else high = middle;
    }
    return runs.run[low];
}

// A lane's elements of a row `width` elements wide: column(strip, lane, 0..3).
__device__ __forceinline__ int column(int strip, int lane, int quarter) {
    return strip * STRIP + (lane / 8) * BLOCK + lane % 8 + 8 * quarter;
}

// The word of a lane's elements; rows lie `width` rounded up to whole blocks apart.
__device__ __forceinline__ u64 word_of(int row, int width, int strip, int lane) {
    u64 words = (width + BLOCK - 1) / BLOCK * 8;
    return row * words + (strip * STRIP / BLOCK + lane / 8) * 8 + lane % 8;
}

__device__ __forceinline__ float sum_of_warp(float x) {
    for (int lanes = LANES / 2; lanes; lanes /= 2) x += __shfl_xor_sync(~0u, x, lanes);
    return x;
}

__device__ __forceinline__ float max_of_warp(float x) {
    for (int lanes = LANES / 2; lanes; lanes /= 2) x = fmaxf(x, __shfl_xor_sync(~0u, x, lanes));
    return x;
}
