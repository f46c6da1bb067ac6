// Passes over rows: a warp takes a row.

// 16 bytes of values.
const int VALUES = 16 / sizeof(value);
union Values {
    uint4 all;
    value each[VALUES];
};

const int WIDE = 8 * LANES;
const int STRIPS = (WIDTH + WIDE - 1) / WIDE;

// A row: lane l has columns 8 l to 8 l + 7 of each 256.
typedef float Row[STRIPS][8];

__device__ __forceinline__ bool inside(int strip, int lane, int i) { return strip * WIDE + 8 * lane + i < WIDTH; }

// Zeros behind the row's end.
template <typename Kind> __device__ __forceinline__ void load_row(Row& x, const Kind* from, int lane) {
    #pragma unroll
    for (int s = 0; s < STRIPS; s++) {
        const Kind* at = from + s * WIDE + 8 * lane;
#if WIDTH % 8 == 0
        if (inside(s, lane, 0)) load8(x[s], at);
        else for (int i = 0; i < 8; i++) x[s][i] = 0.0f;
#else
        for (int i = 0; i < 8; i++) x[s][i] = inside(s, lane, i) ? load(at[i]) : 0.0f;
#endif
    }
}

__device__ __forceinline__ void store_row(value* to, const Row& x, int lane) {
    #pragma unroll
    for (int s = 0; s < STRIPS; s++) {
        value* at = to + s * WIDE + 8 * lane;
#if WIDTH % 8 == 0
        if (!inside(s, lane, 0)) continue;
        Values all[8 / VALUES];
        #pragma unroll
        for (int i = 0; i < 8; i++) all[i / VALUES].each[i % VALUES] = rounded(x[s][i]);
        #pragma unroll
        for (int i = 0; i < 8 / VALUES; i++) ((uint4*)at)[i] = all[i].all;
#else
        for (int i = 0; i < 8; i++)
            if (inside(s, lane, i)) at[i] = rounded(x[s][i]);
#endif
    }
}

// Dropout of a row; all lanes take part.
__device__ __forceinline__ void drop(Row& x, const Run& run, int row, int lane) {
    if (!run.threshold) return;
    #pragma unroll
    for (int s = 0; s < STRIPS; s++) {
        Eight random(run.key, row - run.first, WIDTH, s, lane);
        #pragma unroll
        for (int i = 0; i < 8; i++) x[s][i] *= random.kept(i, run.threshold, run.scale);
    }
}

#define EACH_ELEMENT                                   \
    _Pragma("unroll") for (int s = 0; s < STRIPS; s++) \
        _Pragma("unroll") for (int i = 0; i < 8; i++)

// Subtracts the mean and divides by the deviation; the result is that deviation's inverse.
__device__ __forceinline__ float normalize(Row& x, int lane, float eps) {
    float sum = 0.0f, squares = 0.0f;
    EACH_ELEMENT sum += x[s][i];
    float mean = sum_of_warp(sum) / WIDTH;
    EACH_ELEMENT {
        x[s][i] -= mean;
        if (inside(s, lane, i)) squares += x[s][i] * x[s][i];
    }
    float inverse = rsqrtf(sum_of_warp(squares) / WIDTH + eps);
    EACH_ELEMENT x[s][i] *= inverse;
    return inverse;
}

__device__ __forceinline__ void scale_and_shift(Row& x, const float* weight, const float* bias, int lane) {
    Row w, b;
    load_row(w, weight, lane);
    load_row(b, bias, lane);
    EACH_ELEMENT x[s][i] = x[s][i] * w[s][i] + b[s][i];
}

// LayerNorm of word and position embeddings, then dropout.
extern "C" __global__ void embed(
    const float* words, const float* places, const long long* ids, const long long* positions, const float* weight,
    const float* bias, float eps, value* hidden, int rows, const __grid_constant__ Runs runs, int begin) {
    int lane = threadIdx.x % LANES;
    int row = begin + blockIdx.x * ROWS_PER_BLOCK + threadIdx.x / LANES;
    if (row >= rows) return;
    Row x, place;
    load_row(x, words + ids[row] * WIDTH, lane);
    load_row(place, places + positions[row] * WIDTH, lane);
    EACH_ELEMENT x[s][i] += place[s][i];
    normalize(x, lane, eps);
    scale_and_shift(x, weight, bias, lane);
    drop(x, run_of(runs, row), row, lane);
    store_row(hidden + (u64)row * WIDTH, x, lane);
}

// LayerNorm(residual + dropout(output + output_bias)); `normalized` and `inverse` are for the backward pass.
extern "C" __global__ void norm_forward(
    const value* output, const float* output_bias, const value* residual, const float* weight, const float* bias,
    float eps, value* hidden, value* normalized, float* inverse, int rows, const __grid_constant__ Runs runs, int begin) {
    int lane = threadIdx.x % LANES;
    int row = begin + blockIdx.x * ROWS_PER_BLOCK + threadIdx.x / LANES;
    if (row >= rows) return;
    u64 start = (u64)row * WIDTH;
    Row x, other;
    load_row(x, output + start, lane);
    load_row(other, output_bias, lane);
    EACH_ELEMENT x[s][i] += other[s][i];
    load_row(other, residual + start, lane);
    drop(x, run_of(runs, row), row, lane);
    EACH_ELEMENT x[s][i] += other[s][i];
    float deviation = normalize(x, lane, eps);
    store_row(normalized + start, x, lane);
    scale_and_shift(x, weight, bias, lane);
    store_row(hidden + start, x, lane);
    if (lane == 0) inverse[row] = deviation;
}

// Gradients of residual and output from that of `norm_forward`'s hidden states. With n the normalized input and
// g = gradient * weight: (g - mean(g) - n * mean(g * n)) / deviation.
extern "C" __global__ void norm_backward(
    const value* gradient, const value* normalized, const float* inverse, const float* weight, value* residual,
    value* output, int rows, const __grid_constant__ Runs runs, int begin) {
    int lane = threadIdx.x % LANES;
    int row = begin + blockIdx.x * ROWS_PER_BLOCK + threadIdx.x / LANES;
    if (row >= rows) return;
    u64 start = (u64)row * WIDTH;
    Row g, n;
    load_row(g, gradient + start, lane);
    load_row(n, weight, lane);
    EACH_ELEMENT g[s][i] *= n[s][i];
    load_row(n, normalized + start, lane);
    float sum = 0.0f, projection = 0.0f;
    EACH_ELEMENT {
        sum += g[s][i];
        projection += g[s][i] * n[s][i];
    }
    float mean = sum_of_warp(sum) / WIDTH;
    float along = sum_of_warp(projection) / WIDTH;
    float scale = inverse[row];
    EACH_ELEMENT g[s][i] = (g[s][i] - mean - n[s][i] * along) * scale;
    store_row(residual + start, g, lane);
    drop(g, run_of(runs, row), row, lane);
    store_row(output + start, g, lane);
}

// Dropout masks of `width` columns: 0, or what is kept is multiplied by.
extern "C" __global__ void mask_rows(float* mask, int width, int rows, const __grid_constant__ Runs runs, int begin) {
    int lane = threadIdx.x % LANES;
    int row = begin + blockIdx.x * ROWS_PER_BLOCK + threadIdx.x / LANES;
    if (row >= rows) return;
    const Run& run = run_of(runs, row);
    for (int s = 0; s * STRIP < width; s++) {
        Four random(run.key, row - run.first, width, s, lane);
        for (int i = 0; i < 4; i++) {
            int e = s * STRIP + 4 * lane + i;
            if (e < width)
                mask[(u64)row * width + e] = run.threshold ? random.kept(i, run.threshold, run.scale) : 1.0f;
        }
    }
}

__device__ __forceinline__ float activated(float x) {
#if ACTIVATION == 0
    return 0.5f * x * (1.0f + erff(x * 0.70710678f));
#elif ACTIVATION == 1
    return 0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
#else
    return fmaxf(x, 0.0f);
#endif
}

__device__ __forceinline__ float derivative(float x) {
#if ACTIVATION == 0
    return 0.5f * (1.0f + erff(x * 0.70710678f)) + x * 0.39894228f * expf(-0.5f * x * x);
#elif ACTIVATION == 1
    float t = tanhf(0.79788456f * (x + 0.044715f * x * x * x));
    return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * 0.79788456f * (1.0f + 3.0f * 0.044715f * x * x);
#else
    return x > 0.0f ? 1.0f : 0.0f;
#endif
}

// The activation of x + bias, `groups` times 16 bytes; rows are `width` values wide, whole groups.
extern "C" __global__ void activate(const value* x, const float* bias, value* result, u64 groups, int width) {
    u64 group = (u64)blockIdx.x * blockDim.x + threadIdx.x;
    if (group >= groups) return;
    Values in, out;
    in.all = ((const uint4*)x)[group];
    int e = group * VALUES % width;
    #pragma unroll
    for (int i = 0; i < VALUES; i++) out.each[i] = rounded(activated(load(in.each[i]) + bias[e + i]));
    ((uint4*)result)[group] = out.all;
}

// Multiplies the activation's gradient by its derivative at x + bias.
extern "C" __global__ void activate_backward(
    const value* x, const float* bias, value* gradient, u64 groups, int width) {
    u64 group = (u64)blockIdx.x * blockDim.x + threadIdx.x;
    if (group >= groups) return;
    Values in, out;
    in.all = ((const uint4*)x)[group];
    out.all = ((uint4*)gradient)[group];
    int e = group * VALUES % width;
    #pragma unroll
    for (int i = 0; i < VALUES; i++)
        out.each[i] = rounded(load(out.each[i]) * derivative(load(in.each[i]) + bias[e + i]));
    ((uint4*)gradient)[group] = out.all;
}
