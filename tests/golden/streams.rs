//! Random numbers, dropout masks, orders and splits.

use sweep::data::{held_out, order};
use sweep::model::{Dropout, Purpose, StreamKey, dropout_mask};
use sweep::spec::HeldOut;
use tch::{Device, Kind, Tensor};

use super::{Line, hash, hash_of_floats};

pub fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for seed in [0, 42, u64::MAX] {
        for purpose in [Purpose::Dropout, Purpose::Initialization] {
            let key = StreamKey::new(seed, purpose).with(3).with(17).with_name("classifier.weight");
            let words: Vec<String> = [0, 1, 1 << 40].map(|index| format!("{:016x}", key.bits(index))).to_vec();
            lines.push((format!("random seed {seed}, {purpose:?}"), words.join(" ")));
            let numbers = [key.uniform(7), key.normal(7)].map(|number| format!("{:016x}", number.to_bits()));
            lines.push((format!("numbers seed {seed}, {purpose:?}"), numbers.join(" ")));
        }
    }
    for (seed, probability, rows, width) in [(1, 0.05, 3, 40), (42, 0.2, 17, 100), (7, 0.5, 33, 384)] {
        let dropout = Dropout::new(StreamKey::new(seed, Purpose::Dropout).with(2), probability);
        let mask = dropout_mask(dropout, &Tensor::zeros([rows, width], (Kind::Float, Device::Cpu))).unwrap().unwrap();
        let values = Vec::<f32>::try_from(mask.view([-1])).unwrap();
        lines.push((format!("mask seed {seed}, p {probability}, {rows} x {width}"), hash_of_floats(&values)));
    }
    for (seed, epoch, n) in [(42, 0, 10), (42, 4, 1000), (3, 1, 119_360)] {
        let order = order(seed, epoch, n);
        let bytes: Vec<u8> = order.iter().flat_map(|index| (*index as u64).to_le_bytes()).collect();
        let first = order.iter().take(5).map(usize::to_string).collect::<Vec<_>>().join(" ");
        lines.push((format!("order seed {seed}, epoch {epoch}, {n} examples"), format!("{first} {}", hash(&bytes))));
    }
    for (rows, size) in
        [(680, HeldOut::Examples(100)), (680, HeldOut::Fraction(0.3)), (120_000, HeldOut::Examples(640))]
    {
        let name = format!("split of {rows} rows, {size:?}");
        let rows = held_out(rows, size, 42).unwrap();
        let bytes: Vec<u8> = rows.evaluation.iter().flat_map(|row| (*row as u64).to_le_bytes()).collect();
        lines.push((name, hash(&bytes)));
    }
    lines
}
