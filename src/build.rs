//! Has the program built anew when an exercise or a file of the VM's side changes: they are
//! embedded in it, and `include_dir!` does not watch them.

fn main() {
    println!("cargo::rerun-if-changed=exercises");
    println!("cargo::rerun-if-changed=src/elixir");
    println!("cargo::rerun-if-changed=src/build.rs");
}
