//! The allocator of the npm modules: free lists by power of two, nothing else.
//!
//! The modules keep a few small records per connection, so what counts is the allocator's own size: this one is a tenth of
//! the standard library's (dlmalloc, 4.7 KB in the module, 1.6 KB compressed). Freed blocks serve later requests of the
//! same class and are never merged or given back; at most half of a block is unused.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;
use core::ptr::null_mut;

const PAGE: usize = 65_536;
/// Alignment of every block; nothing in the modules asks for more.
const ALIGN: usize = 16;
const CLASSES: usize = 32;

/// A free block holds the address of the next one.
struct Block {
    next: *mut Block,
}

struct SizeClasses {
    free: [Cell<*mut Block>; CLASSES],
    /// The rest of the memory that was taken from the host: from here ..
    start: Cell<usize>,
    /// .. to here.
    end: Cell<usize>,
}

// SAFETY: the npm modules are built without atomics, so there is one thread.
unsafe impl Sync for SizeClasses {}

#[global_allocator]
static ALLOCATOR: SizeClasses = SizeClasses {
    free: [const { Cell::new(null_mut()) }; CLASSES],
    start: Cell::new(0),
    end: Cell::new(0),
};

/// The class whose blocks have `1 << class` bytes.
fn class(size: usize) -> usize {
    (size.max(ALIGN) - 1).ilog2() as usize + 1
}

impl SizeClasses {
    /// A new block from the end of the memory.
    fn carve(&self, size: usize) -> *mut u8 {
        if self.end.get() - self.start.get() < size {
            let pages = size.div_ceil(PAGE);
            let before = memory_size(0) * PAGE;
            if memory_grow(0, pages) == usize::MAX {
                return null_mut();
            }
            // What is left of the old end is joined if nobody else grew the memory in between, else given up.
            if self.end.get() != before {
                self.start.set(before);
            }
            self.end.set(before + pages * PAGE);
        }
        let block = self.start.get();
        self.start.set(block + size);
        block as *mut u8
    }
}

// SAFETY: a block is handed out once until it is freed: it comes either from `carve`, which never goes back, or off a free
// list. Its size is at least that of the layout, and its address a multiple of `ALIGN`, because all sizes are.
unsafe impl GlobalAlloc for SizeClasses {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let class = class(layout.size());
        let Some(free) = self.free.get(class) else {
            return null_mut();
        };
        let head = free.get();
        if layout.align() > ALIGN {
            null_mut()
        } else if head.is_null() {
            self.carve(1 << class)
        } else {
            // SAFETY: `dealloc` wrote a `Block` there, and the block is in nobody's hands.
            free.set(unsafe { (*head).next });
            head.cast()
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(free) = self.free.get(class(layout.size())) {
            let block = block.cast::<Block>();
            // SAFETY: the caller gives the block up; it is aligned and large enough for a `Block`.
            unsafe { block.write(Block { next: free.get() }) };
            free.set(block);
        }
    }
}
