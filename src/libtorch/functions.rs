//! The functions that `tch` calls, by the names that it knows them by.
//!
//! Each jumps to where its entry in one table points. At first that is [`first_call`], for all of them: it opens the library,
//! fills the table, and goes on to the function that was called. The address of the entry comes in a register that callers
//! and callees leave to such jumps (`r11`, `x16`), so that arguments stay where they are.

use std::io::Write;

use super::opened::open;

std::arch::global_asm!(include_str!(concat!(env!("OUT_DIR"), "/functions.s")), first_call = sym first_call);

/// Opens libtorch for a function that was called before anything else opened it. There is nobody to give an error to: it is
/// told, and the process ends.
extern "C" fn open_or_leave() {
    if let Err(error) = open() {
        // Where standard error is closed there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "error: {error}");
        std::process::exit(i32::from(crate::exit_code::ExitCode::Failure.number()));
    }
}

/// Keeps the arguments of the call, opens the library, and makes the call again.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn first_call() {
    // The System V calling convention: six registers of integers, eight of floats, and `rax` may hold arguments. On entry the
    // stack is 8 off a multiple of 16; eight words and 128 bytes later it is so again, hence the 8 more.
    std::arch::naked_asm!(
        "push rdi",
        "push rsi",
        "push rdx",
        "push rcx",
        "push r8",
        "push r9",
        "push rax",
        "push r11",
        "sub rsp, 136",
        "movups [rsp], xmm0",
        "movups [rsp + 16], xmm1",
        "movups [rsp + 32], xmm2",
        "movups [rsp + 48], xmm3",
        "movups [rsp + 64], xmm4",
        "movups [rsp + 80], xmm5",
        "movups [rsp + 96], xmm6",
        "movups [rsp + 112], xmm7",
        "call {open}",
        "movups xmm0, [rsp]",
        "movups xmm1, [rsp + 16]",
        "movups xmm2, [rsp + 32]",
        "movups xmm3, [rsp + 48]",
        "movups xmm4, [rsp + 64]",
        "movups xmm5, [rsp + 80]",
        "movups xmm6, [rsp + 96]",
        "movups xmm7, [rsp + 112]",
        "add rsp, 136",
        "pop r11",
        "pop rax",
        "pop r9",
        "pop r8",
        "pop rcx",
        "pop rdx",
        "pop rsi",
        "pop rdi",
        "jmp qword ptr [r11]",
        open = sym open_or_leave,
    )
}

/// Keeps the arguments of the call, opens the library, and makes the call again.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn first_call() {
    // AAPCS64: `x0` to `x8` and `q0` to `q7` may hold arguments; `x30` is where the call returns to.
    std::arch::naked_asm!(
        "stp x29, x30, [sp, #-224]!",
        "mov x29, sp",
        "stp x0, x1, [sp, #16]",
        "stp x2, x3, [sp, #32]",
        "stp x4, x5, [sp, #48]",
        "stp x6, x7, [sp, #64]",
        "stp x8, x16, [sp, #80]",
        "stp q0, q1, [sp, #96]",
        "stp q2, q3, [sp, #128]",
        "stp q4, q5, [sp, #160]",
        "stp q6, q7, [sp, #192]",
        "bl {open}",
        "ldp x0, x1, [sp, #16]",
        "ldp x2, x3, [sp, #32]",
        "ldp x4, x5, [sp, #48]",
        "ldp x6, x7, [sp, #64]",
        "ldp x8, x16, [sp, #80]",
        "ldp q0, q1, [sp, #96]",
        "ldp q2, q3, [sp, #128]",
        "ldp q4, q5, [sp, #160]",
        "ldp q6, q7, [sp, #192]",
        "ldp x29, x30, [sp], #224",
        "ldr x17, [x16]",
        "br x17",
        open = sym open_or_leave,
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn arguments_of_every_kind_reach_the_library() {
        // Whichever test of this process is first to make a tensor goes through `first_call`.
        let range = tch::Tensor::arange_start_step(1.5, 9.5, 2.0, (tch::Kind::Double, tch::Device::Cpu));
        assert_eq!(Vec::<f64>::try_from(range).unwrap(), [1.5, 3.5, 5.5, 7.5]);
        let normal = tch::Tensor::from_slice(&[1.0_f64, 2.0, 3.0]).normal_functional(2.0, 0.0);
        assert_eq!(normal.size(), [3]);
    }
}
