//! AMX: the proof that this processor has it and that this process may use it, and the set-up of its tile registers.

use std::marker::PhantomData;
#[cfg(target_arch = "x86_64")]
use std::sync::LazyLock;

use super::avx512::Avx512;
use super::avx512_bf16::Avx512Bf16;
use super::words::TileRow;

/// Rows of a tile: two tile registers with 16 rows each.
pub const ROWS: usize = 32;
/// Words of a row of a tile register.
pub const REGISTER_WORDS: usize = 16;
/// Rows of a tile register.
#[cfg(target_arch = "x86_64")]
pub const REGISTER_ROWS: usize = 16;

/// Words of the left matrix.
pub type Left = TileRow;
/// A tile of the result.
pub type Sums = [TileRow; ROWS];

/// That this processor has AMX for bfloat16 beside AVX-512, and that the kernel lets this process use it.
#[derive(Clone, Copy, Debug)]
pub struct Amx {
    avx512: Avx512,
    rounding: Avx512Bf16,
}

impl Amx {
    /// None where this processor does not have the instructions, or the kernel does not allow them.
    pub fn find() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let allowed = *ALLOWED;
        #[cfg(not(target_arch = "x86_64"))]
        let allowed = false;
        let (avx512, rounding) = (Avx512::find()?, Avx512Bf16::detect()?);
        allowed.then_some(Amx { avx512, rounding })
    }

    #[inline(always)]
    pub fn avx512(self) -> Avx512 {
        self.avx512
    }

    /// For laying out what tile registers multiply.
    #[inline(always)]
    pub fn rounding(self) -> Avx512Bf16 {
        self.rounding
    }

    /// Runs `work` on a thread whose tile registers hold 16 rows of 64 bytes each.
    ///
    /// They stay so afterwards: calls may be nested. `work` must call nothing that sets them up in another way, such as libtorch.
    #[inline(always)]
    pub fn with_registers<R>(self, work: impl FnOnce(&TileRegisters) -> R) -> R {
        #[cfg(target_arch = "x86_64")]
        configure(self);
        work(&TileRegisters(PhantomData))
    }
}

/// That the tile registers of this thread are configured. It is only lent, and to no other thread.
#[derive(Debug)]
pub struct TileRegisters(PhantomData<*const ()>);

/// Whether the processor has AMX for bfloat16 and the kernel lets this process use its registers.
#[cfg(target_arch = "x86_64")]
static ALLOWED: LazyLock<bool> = LazyLock::new(|| is_there() && ask_kernel());

/// CPUID, leaf 7: AMX-BF16 is bit 22 of EDX, AMX-TILE bit 24.
#[cfg(target_arch = "x86_64")]
fn is_there() -> bool {
    const BITS: u32 = 1 << 22 | 1 << 24;
    let highest = std::arch::x86_64::__cpuid(0).eax;
    highest >= 7 && std::arch::x86_64::__cpuid_count(7, 0).edx & BITS == BITS
}

/// The registers make what the kernel saves of a thread larger by 8 KiB, so it asks for a request (Linux 5.16).
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn ask_kernel() -> bool {
    /// `ARCH_REQ_XCOMP_PERM` of the kernel's `asm/prctl.h`.
    const REQUEST_PERMISSION: libc::c_ulong = 0x1023;
    /// `XFEATURE_XTILEDATA` of the kernel's `asm/fpu/types.h`.
    const TILE_DATA: libc::c_ulong = 18;
    // SAFETY: this request takes a number and touches no memory of ours.
    unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0 }
}

#[cfg(all(target_arch = "x86_64", not(target_os = "linux")))]
fn ask_kernel() -> bool {
    false
}

/// What `ldtilecfg` reads.
#[cfg(target_arch = "x86_64")]
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    /// Bytes of a row of each register; there are eight registers.
    bytes_per_row: [u16; 16],
    rows: [u8; 16],
}

#[cfg(target_arch = "x86_64")]
fn configure(_proof: Amx) {
    const { assert!(size_of::<Configuration>() == 64) };
    let mut configuration =
        Configuration { palette: 1, start_row: 0, reserved: [0; 14], bytes_per_row: [0; 16], rows: [0; 16] };
    configuration.bytes_per_row[..8].fill(4 * REGISTER_WORDS as u16);
    configuration.rows[..8].fill(REGISTER_ROWS as u8);
    // SAFETY: the proof says that the instruction is there and allowed; it reads the 64 bytes of the configuration.
    unsafe {
        std::arch::asm!("ldtilecfg [{}]", in(reg) &raw const configuration, options(nostack, preserves_flags, readonly));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::skip;

    #[test]
    fn registers_may_be_set_up_within_each_other() {
        let Some(amx) = Amx::find() else {
            return skip("amx", "this processor has no AMX");
        };
        let nested = amx.with_registers(|_| amx.with_registers(|_| 7));
        assert_eq!(nested, 7);
    }
}
