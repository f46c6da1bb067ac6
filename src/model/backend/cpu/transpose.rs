//! Transposes a few lines at a time: what is written then lies together. The compiler's own vectors would scatter single
//! values.

#[cfg(target_arch = "aarch64")]
use std::arch::aarch64::{float32x4_t, vcombine_f32, vget_high_f32, vget_low_f32, vld1q_f32, vzip1q_f32, vzip2q_f32};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m128, _mm_loadu_ps, _mm_movehl_ps, _mm_movelh_ps, _mm_unpackhi_ps, _mm_unpacklo_ps};

/// Calls `write` with `[lines[0][k], .., lines[3][k]]` for each `k`. The lines are equally long.
#[inline(always)]
pub fn lines(lines: [&[f32]; 4], mut write: impl FnMut(usize, [f32; 4])) {
    let [a, b, c, d] = lines.map(|line| line.as_chunks::<4>());
    for (index, (((a, b), c), d)) in a.0.iter().zip(b.0).zip(c.0).zip(d.0).enumerate() {
        // One by one: the compiler keeps the iterator of an array in memory, and the columns with it.
        let [first, second, third, fourth] = block([a, b, c, d]);
        write(4 * index, first);
        write(4 * index + 1, second);
        write(4 * index + 2, third);
        write(4 * index + 3, fourth);
    }
    let done = 4 * a.0.len();
    for (k, (((a, b), c), d)) in a.1.iter().zip(b.1).zip(c.1).zip(d.1).enumerate() {
        write(done + k, [*a, *b, *c, *d]);
    }
}

/// Calls `write` with each place and what [`lines`] has for it. There are as many places as a line has values.
#[inline(always)]
pub fn into_places<P>(lines: [&[f32]; 4], places: &mut [P], mut write: impl FnMut(&mut P, [f32; 4])) {
    let [a, b, c, d] = lines.map(|line| line.as_chunks::<4>());
    let (blocks, rest) = places.as_chunks_mut::<4>();
    for ((((a, b), c), d), places) in a.0.iter().zip(b.0).zip(c.0).zip(d.0).zip(blocks) {
        let columns = block([a, b, c, d]);
        write(&mut places[0], columns[0]);
        write(&mut places[1], columns[1]);
        write(&mut places[2], columns[2]);
        write(&mut places[3], columns[3]);
    }
    for ((((a, b), c), d), place) in a.1.iter().zip(b.1).zip(c.1).zip(d.1).zip(rest) {
        write(place, [*a, *b, *c, *d]);
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn block(rows: [&[f32; 4]; 4]) -> [[f32; 4]; 4] {
    // SAFETY: SSE is part of x86-64, rows are four values long, and a vector is four values.
    unsafe {
        let [a, b, c, d] = rows.map(|row| _mm_loadu_ps(row.as_ptr()));
        let (ab_low, ab_high) = (_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
        let (cd_low, cd_high) = (_mm_unpacklo_ps(c, d), _mm_unpackhi_ps(c, d));
        let columns = [
            _mm_movelh_ps(ab_low, cd_low),
            _mm_movehl_ps(cd_low, ab_low),
            _mm_movelh_ps(ab_high, cd_high),
            _mm_movehl_ps(cd_high, ab_high),
        ];
        columns.map(|column| std::mem::transmute::<__m128, [f32; 4]>(column))
    }
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn block(rows: [&[f32; 4]; 4]) -> [[f32; 4]; 4] {
    // SAFETY: NEON is part of the architecture, rows are four values long, and a vector is four values.
    unsafe {
        let [a, b, c, d] = rows.map(|row| vld1q_f32(row.as_ptr()));
        let halves = |ab, cd| {
            let low: float32x4_t = vcombine_f32(vget_low_f32(ab), vget_low_f32(cd));
            let high: float32x4_t = vcombine_f32(vget_high_f32(ab), vget_high_f32(cd));
            [low, high]
        };
        let ([first, second], [third, fourth]) =
            (halves(vzip1q_f32(a, b), vzip1q_f32(c, d)), halves(vzip2q_f32(a, b), vzip2q_f32(c, d)));
        [first, second, third, fourth].map(|column| std::mem::transmute::<float32x4_t, [f32; 4]>(column))
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline(always)]
fn block(rows: [&[f32; 4]; 4]) -> [[f32; 4]; 4] {
    std::array::from_fn(|k| rows.map(|row| row[k]))
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_of_any_length_are_transposed() {
        for length in [0, 1, 3, 4, 9, 16] {
            let values: Vec<f32> = (0..4 * length).map(|value| value as f32).collect();
            let line = |index: usize| &values[index * length..][..length];
            let mut transposed = vec![[0f32; 4]; length];
            super::lines([line(0), line(1), line(2), line(3)], |k, column| transposed[k] = column);
            let expected: Vec<[f32; 4]> = (0..length).map(|k| std::array::from_fn(|index| line(index)[k])).collect();
            assert_eq!(transposed, expected);
            let mut places = vec![[0f32; 4]; length];
            super::into_places([line(0), line(1), line(2), line(3)], &mut places, |place, column| *place = column);
            assert_eq!(places, expected);
        }
    }
}
