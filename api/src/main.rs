//! `ocop`: see `ocop --help`.

fn main() -> std::process::ExitCode {
    hold_what_is_needed();
    api::cli::main()
}

// Loading ten thousand products and dropping what they were read from leaves the system's allocator with holes it does
// not give back: 210 MB resident instead of 70.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc 3, in milliseconds.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// What is freed goes back to the system within moments, and no page is two megabytes for a few kilobytes' sake: at rest the demo
/// holds 24 MB of its own instead of 66.
fn hold_what_is_needed() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    #[allow(unsafe_code, reason = "a number is set before any thread is started")]
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, 100);
    }
}
