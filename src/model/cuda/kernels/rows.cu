// Passes over rows: a warp takes a row.

const int STRIPS = (WIDTH + STRIP - 1) / STRIP;
const int ROWS_PER_BLOCK = 8;

#define EACH_ELEMENT                                  \
    _Pragma("unroll") for (int s = 0; s < STRIPS; s++) \
        _Pragma("unroll") for (int q = 0; q < 4; q++)  \
            if (int e = column(s, lane, q); WIDTH % STRIP == 0 || e < WIDTH)

struct Moments {
    float mean, inverse_deviation;
};

__device__ __forceinline__ Moments moments(const float (&x)[STRIPS][4], int lane, float eps) {
    float sum = 0.0f, squares = 0.0f;
    EACH_ELEMENT { sum += x[s][q]; }
    float mean = sum_of_warp(sum) / WIDTH;
    EACH_ELEMENT { squares += (x[s][q] - mean) * (x[s][q] - mean); }
    return {mean, rsqrtf(sum_of_warp(squares) / WIDTH + eps)};
}

// LayerNorm of word and position embeddings, then dropout.
extern "C" __global__ void embed(
    const float* words, const float* places, const long long* ids, const long long* positions, const float* weight,
    const float* bias, float eps, value* hidden, int rows, const __grid_constant__ Runs runs, int begin) {
    int lane = threadIdx.x % LANES;
    int row = begin + blockIdx.x * ROWS_PER_BLOCK + threadIdx.x / LANES;
    if (row >= rows) return;
    const float* word = words + ids[row] * WIDTH;
    const float* place = places + positions[row] * WIDTH;
    float x[STRIPS][4];
    EACH_ELEMENT { x[s][q] = word[e] + place[e]; }
    Moments of = moments(x, lane, eps);
    const Run& run = run_of(runs, row);
    #pragma unroll
    for (int s = 0; s < STRIPS; s++) {
        u64 random = run.threshold ? bits(run.key, word_of(row - run.first, WIDTH, s, lane)) : 0;
        #pragma unroll
        for (int q = 0; q < 4; q++) {
            int e = column(s, lane, q);
            if (WIDTH % STRIP && e >= WIDTH) continue;
            float normed = (x[s][q] - of.mean) * of.inverse_deviation * weight[e] + bias[e];
            hidden[(u64)row * WIDTH + e] = rounded(normed * kept(random, q, run.threshold, run.scale));
        }
    }
}

// LayerNorm(residual + dropout(output + output_bias)); `normalized` (may be null) and `inverse` are for the backward pass.
extern "C" __global__ void norm_forward(
    const value* output, const float* output_bias, const value* residual, const float* weight, const float* bias,
    float eps, value* hidden, value* normalized, float* inverse, int rows, const __grid_constant__ Runs runs, int begin) {
    int lane = threadIdx.x % LANES;
    int row = begin + blockIdx.x * ROWS_PER_BLOCK + threadIdx.x / LANES;
    if (row >= rows) return;
    u64 start = (u64)row * WIDTH;
    const Run& run = run_of(runs, row);
    float x[STRIPS][4];
    #pragma unroll
    for (int s = 0; s < STRIPS; s++) {
        u64 random = run.threshold ? bits(run.key, word_of(row - run.first, WIDTH, s, lane)) : 0;
        #pragma unroll
        for (int q = 0; q < 4; q++) {
            int e = column(s, lane, q);
            if (WIDTH % STRIP && e >= WIDTH) continue;
            float dropped = (load(output[start + e]) + output_bias[e]) * kept(random, q, run.threshold, run.scale);
            x[s][q] = dropped + load(residual[start + e]);
        }
    }
    Moments of = moments(x, lane, eps);
    EACH_ELEMENT {
        float n = (x[s][q] - of.mean) * of.inverse_deviation;
        hidden[start + e] = rounded(n * weight[e] + bias[e]);
        if (normalized) normalized[start + e] = rounded(n);
    }
    if (inverse && lane == 0) inverse[row] = of.inverse_deviation;
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
    float g[STRIPS][4], n[STRIPS][4];
    float sum = 0.0f, projection = 0.0f;
    EACH_ELEMENT {
        n[s][q] = load(normalized[start + e]);
        g[s][q] = load(gradient[start + e]) * weight[e];
        sum += g[s][q];
        projection += g[s][q] * n[s][q];
    }
    float mean = sum_of_warp(sum) / WIDTH;
    float along = sum_of_warp(projection) / WIDTH;
    float scale = inverse[row];
    const Run& run = run_of(runs, row);
    #pragma unroll
    for (int s = 0; s < STRIPS; s++) {
        u64 random = run.threshold ? bits(run.key, word_of(row - run.first, WIDTH, s, lane)) : 0;
        #pragma unroll
        for (int q = 0; q < 4; q++) {
            int e = column(s, lane, q);
            if (WIDTH % STRIP && e >= WIDTH) continue;
            float x = (g[s][q] - mean - n[s][q] * along) * scale;
            residual[start + e] = rounded(x);
            output[start + e] = rounded(x * kept(random, q, run.threshold, run.scale));
        }
    }
}

// Dropout masks of `width` columns: 0, or what is kept is multiplied by.
extern "C" __global__ void mask_rows(float* mask, int width, int rows, const __grid_constant__ Runs runs, int begin) {
    int lane = threadIdx.x % LANES;
    int row = begin + blockIdx.x * ROWS_PER_BLOCK + threadIdx.x / LANES;
    if (row >= rows) return;
    const Run& run = run_of(runs, row);
    for (int s = 0; s * STRIP < width; s++) {
        u64 random = run.threshold ? bits(run.key, word_of(row - run.first, width, s, lane)) : 0;
        #pragma unroll
        for (int q = 0; q < 4; q++) {
            int e = column(s, lane, q);
            if (e < width) mask[(u64)row * width + e] = kept(random, q, run.threshold, run.scale);
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

// 16 bytes of values.
const int VALUES = 16 / sizeof(value);
union Values {
    uint4 all;
    value each[VALUES];
};

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
