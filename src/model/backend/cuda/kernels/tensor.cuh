// Products in bfloat16 on tensor cores: 16 x 16 values times 16 x 8. Of a 16 x 8 result a lane has rows lane / 4 and 8 more,
// and columns 2 * (lane % 4) and the one after it: with rows of dropout masks across and 32 columns, that is two whole words
// for each of its rows.

// The left side of a product: 16 x 16 values.
struct Left {
    unsigned part[4];
};

__device__ __forceinline__ unsigned pair(float low, float high) {
    unsigned both;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    return both;
}

__device__ __forceinline__ void load_parts(unsigned (&part)[4], const value* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(part[0]), "=r"(part[1]), "=r"(part[2]), "=r"(part[3])
                 : "r"((unsigned)__cvta_generic_to_shared(row)));
}

__device__ __forceinline__ void load_turned(unsigned (&part)[4], const value* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(part[0]), "=r"(part[1]), "=r"(part[2]), "=r"(part[3])
                 : "r"((unsigned)__cvta_generic_to_shared(row)));
}

__device__ __forceinline__ void multiply(float (&sum)[4], const Left& left, unsigned right_0, unsigned right_1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(left.part[0]), "r"(left.part[1]), "r"(left.part[2]), "r"(left.part[3]), "r"(right_0), "r"(right_1));
}

// Begins to bring 16 bytes to shared memory, zeros where there are none. They are there after `arrive`.
__device__ __forceinline__ void fetch_16_bytes(value* to, const value* from, bool there) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::
                 "r"((unsigned)__cvta_generic_to_shared(to)), "l"(from), "r"(there ? 16 : 0));
}

__device__ __forceinline__ void arrive() {
    asm volatile("cp.async.wait_all;" ::: "memory");
    __syncthreads();
}
