// What all kernels share. The program is compiled for one model: WIDTH (hidden size), HEAD_SIZE, HEADS, LONGEST (tokens),
// ACTIVATION (0 GELU, 1 GELU by tanh, 2 ReLU) and, for products in bfloat16, BF16 are defined on the compiler's command line.
// Values between products are kept in the kind of the products (`value`); all arithmetic is in float32.

typedef unsigned long long u64;

#ifdef BF16
typedef unsigned short value;
__device__ __forceinline__ float load(value x) { return __uint_as_float((unsigned)x << 16); }
__device__ __forceinline__ float load(float x) { return x; }
// Of two values side by side.
__device__ __forceinline__ float first_of(unsigned both) { return __uint_as_float(both << 16); }
__device__ __forceinline__ float second_of(unsigned both) { return __uint_as_float(both & 0xffff0000); }
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

// LANES, BLOCK, STRIP, RUNS and the other sizes that are not defined in these files come from Rust (constants.rs): LANES
// threads of a warp, STRIP columns that a warp takes at a time (four each lane), RUNS runs of one launch, and BLOCK
// elements whose dropout masks are made together: 4 from each of 8 random words. Element `8 * lane + word` takes the 16
// bits number `lane` of that word (src/model/dropout.rs).

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

static_assert(sizeof(Run) == RUN_BYTES && sizeof(Runs) == RUNS_BYTES, "layout of runs");

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

// Words of a row's blocks; rows lie `width` rounded up to whole blocks apart.
__device__ __forceinline__ u64 words_of(int width) { return (width + BLOCK - 1) / BLOCK * 8; }

// What a lane's four columns, from `STRIP * strip + 4 * lane` on, are multiplied by. Each of the eight lanes of a block makes
// one word; all lanes of the warp take part.
struct Four {
    unsigned both[4];
    bool upper;
    __device__ __forceinline__ Four(u64 key, int row, int width, int strip, int lane) {
        u64 word = bits(key, row * words_of(width) + (strip * (STRIP / BLOCK) + lane / 8) * 8 + lane % 8);
        unsigned low = word, high = word >> 32;
        #pragma unroll
        for (int i = 0; i < 4; i++) {
            int from = lane / 8 * 8 + lane % 2 * 4 + i;
            unsigned a = __shfl_sync(~0u, low, from), b = __shfl_sync(~0u, high, from);
            both[i] = lane % 8 < 4 ? a : b;
        }
        upper = lane / 2 % 2;
    }
    __device__ __forceinline__ float kept(int i, unsigned threshold, float scale) const {
        unsigned random = upper ? both[i] >> 16 : both[i] & 0xffff;
        return random >= threshold ? scale : 0.0f;
    }
};

// What a lane's eight columns, from `8 * LANES * strip + 8 * lane` on, are multiplied by. Each of the four lanes of a block
// makes two words; all lanes of the warp take part.
struct Eight {
    unsigned both[4];
    __device__ __forceinline__ Eight(u64 key, int row, int width, int strip, int lane) {
        u64 word = row * words_of(width) + (strip * 8 + lane / 4) * 8 + lane % 4 * 2;
        u64 even = bits(key, word), odd = bits(key, word + 1);
        // The bits of both words for each of the four lanes ...
        both[0] = __byte_perm(even, odd, 0x5410);
        both[1] = __byte_perm(even, odd, 0x7632);
        both[2] = __byte_perm(even >> 32, odd >> 32, 0x5410);
        both[3] = __byte_perm(even >> 32, odd >> 32, 0x7632);
        // ... change places, as in a matrix that is turned.
        swap(both[0], both[1], 1, lane & 1);
        swap(both[2], both[3], 1, lane & 1);
        swap(both[0], both[2], 2, lane & 2);
        swap(both[1], both[3], 2, lane & 2);
    }
    __device__ __forceinline__ static void swap(unsigned& first, unsigned& second, int distance, bool later) {
        unsigned other = __shfl_xor_sync(~0u, later ? first : second, distance);
        if (later) first = other; else second = other;
    }
    __device__ __forceinline__ float kept(int i, unsigned threshold, float scale) const {
        unsigned random = i % 2 ? both[i / 2] >> 16 : both[i / 2] & 0xffff;
        return random >= threshold ? scale : 0.0f;
    }
};

__device__ __forceinline__ void load4(float (&x)[4], const float* from) {
    float4 all = *(const float4*)from;
    x[0] = all.x, x[1] = all.y, x[2] = all.z, x[3] = all.w;
}

__device__ __forceinline__ void load8(float (&x)[8], const float* from) {
    float4 low = ((const float4*)from)[0], high = ((const float4*)from)[1];
    x[0] = low.x, x[1] = low.y, x[2] = low.z, x[3] = low.w;
    x[4] = high.x, x[5] = high.y, x[6] = high.z, x[7] = high.w;
}

#ifdef BF16
__device__ __forceinline__ void load8(float (&x)[8], const value* from) {
    uint4 all = *(const uint4*)from;
    x[0] = first_of(all.x), x[1] = second_of(all.x), x[2] = first_of(all.y), x[3] = second_of(all.y);
    x[4] = first_of(all.z), x[5] = second_of(all.z), x[6] = first_of(all.w), x[7] = second_of(all.w);
}

__device__ __forceinline__ void load4(float (&x)[4], const value* from) {
    uint2 all = *(const uint2*)from;
    x[0] = first_of(all.x), x[1] = second_of(all.x), x[2] = first_of(all.y), x[3] = second_of(all.y);
}

__device__ __forceinline__ void store4(value* to, const float (&x)[4]) {
    uint2 all;
    all.x = rounded(x[0]) | (unsigned)rounded(x[1]) << 16;
    all.y = rounded(x[2]) | (unsigned)rounded(x[3]) << 16;
    *(uint2*)to = all;
}
#else
__device__ __forceinline__ void store4(value* to, const float (&x)[4]) {
    *(float4*)to = make_float4(x[0], x[1], x[2], x[3]);
}
#endif

__device__ __forceinline__ float sum_of_warp(float x) {
    for (int lanes = LANES / 2; lanes; lanes /= 2) x += __shfl_xor_sync(~0u, x, lanes);
    return x;
}

__device__ __forceinline__ float max_of_warp(float x) {
    for (int lanes = LANES / 2; lanes; lanes /= 2) x = fmaxf(x, __shfl_xor_sync(~0u, x, lanes));
    return x;
}
