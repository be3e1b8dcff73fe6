;; The inner loops of learning: counts all n-grams of one order (4 or 5) by hash, then moves the frequent ones to the
;; finished table. Assembled into kernel.ts by `node ../absence/assemble.ts` (the test of this folder holds both equal).
;;
;; Counting at random places of a large table mostly waits for memory. So hashes are gathered in 256 bins by their high
;; bits first, and a full bin is counted at once: its counters fit the processor's cache.
;;
;; Memory (the same addresses in grams.ts):
;;   0        256 numbers of hashes in the bins, 4 bytes each
;;   4096     hashes of one block of 4096 n-grams
;;   24576    places of those n-grams of the block that may be frequent
;;   65536    for each count its logarithm in one byte
;;   131072   two histograms of the counters, 65536 numbers of 4 bytes each
;;   655360   the caller's bytes, 1 MiB and 64 KiB more that may be read (whatever they are)
;;   1769472  256 bins of 32768 hashes; between them some room, so that they do not all begin in the same line of the cache
;;   35405824 2^bits counters of 2 bytes, then 2^bits bits: which counters are frequent; then where setup() says the table's
;;            fingerprints (2 bytes) and counts (1 byte), buckets of eight slots each, and the counters of the 3-grams
(module
  (import "env" "memory" (memory 1 65536 shared))

  (global $shift (mut i32) (i32.const 0))     ;; 32 - bits
  (global $five (mut i32) (i32.const 0))      ;; -1 for order 5, 0 for order 4
  (global $bits (mut i32) (i32.const 0))      ;; addresses
  (global $prints (mut i32) (i32.const 0))
  (global $values (mut i32) (i32.const 0))
  (global $three (mut i32) (i32.const 0))
  (global $buckets (mut i32) (i32.const 0))   ;; number of buckets less one
  (global $seen (mut i32) (i32.const 0))

  (func (export "setup") (param $shift i32) (param $five i32) (param $bits i32) (param $prints i32) (param $values i32)
      (param $buckets i32) (param $three i32)
    (global.set $shift (local.get $shift))
    (global.set $five (local.get $five))
    (global.set $bits (local.get $bits))
    (global.set $prints (local.get $prints))
    (global.set $values (local.get $values))
    (global.set $buckets (local.get $buckets))
    (global.set $three (local.get $three)))

  ;; mix() of hash.ts for the n-grams at the first $count places (and up to 3 more).
  (func $hashAll (param $p i32) (param $count i32)
    (local $to i32) (local $end i32) (local $five v128) (local $v v128) (local $h v128)
    (local.set $five (i32x4.splat (global.get $five)))
    (local.set $to (i32.const 4096))
    (local.set $end (i32.add (i32.const 4096) (i32.shl (local.get $count) (i32.const 2))))
    (loop $next
      (local.set $v (v128.load align=1 (local.get $p)))
      (local.set $h (i8x16.shuffle 3 2 1 0 4 3 2 1 5 4 3 2 6 5 4 3 (local.get $v) (local.get $v)))
      (local.set $h (v128.xor
        (i32x4.mul
          (v128.xor (local.get $h) (i32x4.shr_u (local.get $h) (i32.const 15)))
          (i32x4.splat (i32.const 0x9e3779b1)))
        (v128.and (local.get $five)
          (i32x4.mul
            (i32x4.add
              (i8x16.shuffle 4 16 16 16 5 16 16 16 6 16 16 16 7 16 16 16 (local.get $v) (v128.const i32x4 0 0 0 0))
              (i32x4.splat (i32.const 1)))
            (i32x4.splat (i32.const 0x27d4eb2f))))))
      (local.set $h (i32x4.mul
        (v128.xor (local.get $h) (i32x4.shr_u (local.get $h) (i32.const 16))) (i32x4.splat (i32.const 0x85ebca6b))))
      (local.set $h (i32x4.mul
        (v128.xor (local.get $h) (i32x4.shr_u (local.get $h) (i32.const 13))) (i32x4.splat (i32.const 0xc2b2ae35))))
      (v128.store (local.get $to) (v128.xor (local.get $h) (i32x4.shr_u (local.get $h) (i32.const 16))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $next (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const 16))) (local.get $end)))))

  (func $least (param $a i32) (param $b i32) (result i32)
    (select (local.get $a) (local.get $b) (i32.lt_u (local.get $a) (local.get $b))))

  ;; Counts the hashes of one bin; counters stop at 65535.
  (func $empty (param $bin i32)
    (local $at i32) (local $end i32) (local $counter i32) (local $count i32)
    (local.set $at (i32.add (i32.const 1769472) (i32.mul (local.get $bin) (i32.const 131392))))
    (local.set $end (i32.add (local.get $at)
      (i32.shl (i32.load (i32.shl (local.get $bin) (i32.const 2))) (i32.const 2))))
    (i32.store (i32.shl (local.get $bin) (i32.const 2)) (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $counter (i32.shl (i32.shr_u (i32.load (local.get $at)) (global.get $shift)) (i32.const 1)))
        (local.set $count (i32.add (i32.load16_u offset=35405824 (local.get $counter)) (i32.const 1)))
        (i32.store16 offset=35405824 (local.get $counter)
          (i32.sub (local.get $count) (i32.shr_u (local.get $count) (i32.const 16))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $next))))

  ;; Counts the n-grams at $count places.
  (func (export "count") (param $p i32) (param $count i32)
    (local $some i32) (local $at i32) (local $end i32) (local $hash i32) (local $bin i32) (local $filled i32)
    (loop $block
      (local.set $some (call $least (local.get $count) (i32.const 4096)))
      (call $hashAll (local.get $p) (local.get $some))
      (local.set $at (i32.const 4096))
      (local.set $end (i32.add (i32.const 4096) (i32.shl (local.get $some) (i32.const 2))))
      (loop $next
        (local.set $hash (i32.load (local.get $at)))
        (local.set $bin (i32.shr_u (local.get $hash) (i32.const 24)))
        (local.set $filled (i32.load (i32.shl (local.get $bin) (i32.const 2))))
        (i32.store offset=1769472
          (i32.add (i32.mul (local.get $bin) (i32.const 131392)) (i32.shl (local.get $filled) (i32.const 2)))
          (local.get $hash))
        (local.set $filled (i32.add (local.get $filled) (i32.const 1)))
        (i32.store (i32.shl (local.get $bin) (i32.const 2)) (local.get $filled))
        (if (i32.eq (local.get $filled) (i32.const 32768)) (then (call $empty (local.get $bin))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
      (local.set $p (i32.add (local.get $p) (local.get $some)))
      (br_if $block (local.tee $count (i32.sub (local.get $count) (local.get $some))))))

  ;; Counts the 3-grams at $count places.
  (func (export "countThree") (param $p i32) (param $count i32)
    (local $end i32) (local $word i32) (local $counter i32)
    (local.set $end (i32.add (local.get $p) (local.get $count)))
    (loop $next
      (local.set $word (i32.load align=1 (local.get $p)))
      (local.set $counter (i32.add (global.get $three) (i32.shl
        (i32.or
          (i32.or
            (i32.shl (i32.and (local.get $word) (i32.const 255)) (i32.const 16))
            (i32.and (local.get $word) (i32.const 0xff00)))
          (i32.and (i32.shr_u (local.get $word) (i32.const 16)) (i32.const 255)))
        (i32.const 2))))
      (i32.store (local.get $counter) (i32.add (i32.load (local.get $counter)) (i32.const 1)))
      (br_if $next (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const 1))) (local.get $end)))))

  ;; Ends the counting: how many counters stand at each number, for even and odd ones apart.
  (func (export "histogram")
    (local $bin i32) (local $at i32) (local $end i32) (local $two i32) (local $slot i32)
    (loop $next
      (call $empty (local.get $bin))
      (br_if $next (i32.lt_u (local.tee $bin (i32.add (local.get $bin) (i32.const 1))) (i32.const 256))))
    (local.set $end (i32.shl (i32.const 2) (i32.sub (i32.const 32) (global.get $shift))))
    (loop $pair
      (local.set $two (i32.load offset=35405824 (local.get $at)))
      (local.set $slot (i32.shl (i32.and (local.get $two) (i32.const 0xffff)) (i32.const 2)))
      (i32.store offset=131072 (local.get $slot)
        (i32.add (i32.load offset=131072 (local.get $slot)) (i32.const 1)))
      (local.set $slot (i32.shl (i32.shr_u (local.get $two) (i32.const 16)) (i32.const 2)))
      (i32.store offset=393216 (local.get $slot)
        (i32.add (i32.load offset=393216 (local.get $slot)) (i32.const 1)))
      (br_if $pair (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end)))))

  ;; Eight bits: which of the eight counters at $at are at least $least.
  (func $reached (param $at i32) (param $least v128) (result i32)
    (i16x8.bitmask (i16x8.ge_u (v128.load offset=35405824 (local.get $at)) (local.get $least))))

  ;; From now on those counters are frequent that are at least $least.
  (func (export "select") (param $least i32)
    (local $all v128) (local $at i32) (local $to i32) (local $end i32)
    (local.set $all (i16x8.splat (local.get $least)))
    (local.set $to (global.get $bits))
    (local.set $end (i32.shl (i32.const 2) (i32.sub (i32.const 32) (global.get $shift))))
    (loop $next
      (i32.store8 (local.get $to) (call $reached (local.get $at) (local.get $all)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end)))))

  ;; Address of the bits of the counter of a hash (32 of them), less that of all.
  (func $bitsOf (param $hash i32) (result i32)
    (i32.shl (i32.shr_u (i32.shr_u (local.get $hash) (global.get $shift)) (i32.const 5)) (i32.const 2)))

  ;; fingerprint() of hash.ts for the n-gram at $p.
  (func $fingerprint (param $p i32) (result i32)
    (local $h i32)
    (local.set $h (i32.load align=1 (local.get $p)))
    (local.set $h (i32.or
      (i32.and (i32.rotl (local.get $h) (i32.const 8)) (i32.const 0x00ff00ff))
      (i32.and (i32.rotr (local.get $h) (i32.const 8)) (i32.const 0xff00ff00))))
    (local.set $h (i32.xor
      (i32.mul (i32.add (local.get $h) (i32.const 0x7f4a7c15)) (i32.const 0x2c1b3c6d))
      (i32.mul
        (select (i32.add (i32.load8_u offset=4 (local.get $p)) (i32.const 3)) (i32.const 2) (global.get $five))
        (i32.const 0x165667b1))))
    (local.set $h (i32.mul (i32.xor (local.get $h) (i32.shr_u (local.get $h) (i32.const 15))) (i32.const 0x297a2d39)))
    (local.set $h (i32.and (i32.xor (local.get $h) (i32.shr_u (local.get $h) (i32.const 16))) (i32.const 0xffff)))
    (select (local.get $h) (i32.const 1) (local.get $h)))

  ;; put() of table.ts: keeps an n-gram; in a full bucket the least frequent one gives way.
  (func $put (param $hash i32) (param $print i32) (param $value i32)
    (local $slot i32) (local $free i32) (local $prints v128) (local $end i32) (local $least i32) (local $old i32)
    (local.set $slot (i32.shl (i32.and (local.get $hash) (global.get $buckets)) (i32.const 3)))
    (local.set $prints (v128.load (i32.add (global.get $prints) (i32.shl (local.get $slot) (i32.const 1)))))
    (local.set $free (i16x8.bitmask (v128.or
      (i16x8.eq (local.get $prints) (i16x8.splat (local.get $print)))
      (i16x8.eq (local.get $prints) (v128.const i32x4 0 0 0 0)))))
    (if (local.get $free)
      (then
        (local.set $slot (i32.add (local.get $slot) (i32.ctz (local.get $free))))
        (local.set $old (i32.load8_u (i32.add (global.get $values) (local.get $slot))))
        (local.set $value
          (select (local.get $old) (local.get $value) (i32.gt_u (local.get $old) (local.get $value)))))
      (else
        (local.set $end (i32.add (local.get $slot) (i32.const 8)))
        (local.set $least (i32.const 256))
        (local.set $free (local.get $slot))
        (loop $next
          (local.set $old (i32.load8_u (i32.add (global.get $values) (local.get $free))))
          (if (i32.lt_u (local.get $old) (local.get $least))
            (then
              (local.set $least (local.get $old))
              (local.set $slot (local.get $free))))
          (br_if $next (i32.lt_u (local.tee $free (i32.add (local.get $free) (i32.const 1))) (local.get $end))))
        (if (i32.ge_u (local.get $least) (local.get $value)) (then (return)))))
    (i32.store16 (i32.add (global.get $prints) (i32.shl (local.get $slot) (i32.const 1))) (local.get $print))
    (i32.store8 (i32.add (global.get $values) (local.get $slot)) (local.get $value)))

  ;; Moves the frequent n-grams at $count places to the table, each the first time that it comes.
  (func (export "move") (param $p i32) (param $count i32)
    (local $some i32) (local $at i32) (local $end i32) (local $hash i32) (local $bits i32) (local $found i32)
    (local $seen i32)
    (loop $block
      (local.set $some (call $least (local.get $count) (i32.const 4096)))
      (call $hashAll (local.get $p) (local.get $some))
      ;; Without a branch, so that the processor fetches many of the bits at once.
      (local.set $found (i32.const 24576))
      (local.set $at (i32.const 0))
      (loop $next
        (local.set $hash (i32.load offset=4096 (i32.shl (local.get $at) (i32.const 2))))
        (i32.store (local.get $found) (local.get $at))
        (local.set $found (i32.add (local.get $found) (i32.shl
          (i32.and (i32.const 1) (i32.shr_u
            (i32.load (i32.add (global.get $bits) (call $bitsOf (local.get $hash))))
            (i32.shr_u (local.get $hash) (global.get $shift))))
          (i32.const 2))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $some))))
      ;; Counters and buckets are looked at first, for the same reason.
      (local.set $end (local.get $found))
      (local.set $found (i32.const 24576))
      (block $none
        (loop $look
          (br_if $none (i32.ge_u (local.get $found) (local.get $end)))
          (local.set $hash (i32.load offset=4096 (i32.shl (i32.load (local.get $found)) (i32.const 2))))
          (local.set $seen (i32.xor (local.get $seen) (i32.xor
            (i32.load16_u offset=35405824
              (i32.shl (i32.shr_u (local.get $hash) (global.get $shift)) (i32.const 1)))
            (i32.xor
              (i32.load (i32.add (global.get $prints)
                (i32.shl (i32.and (local.get $hash) (global.get $buckets)) (i32.const 4))))
              (i32.load (i32.add (global.get $values)
                (i32.shl (i32.and (local.get $hash) (global.get $buckets)) (i32.const 3))))))))
          (local.set $found (i32.add (local.get $found) (i32.const 4)))
          (br $look)))
      (local.set $found (i32.const 24576))
      (block $none
        (loop $each
          (br_if $none (i32.ge_u (local.get $found) (local.get $end)))
          (local.set $at (i32.load (local.get $found)))
          (local.set $found (i32.add (local.get $found) (i32.const 4)))
          (local.set $hash (i32.load offset=4096 (i32.shl (local.get $at) (i32.const 2))))
          (local.set $bits (i32.add (global.get $bits) (call $bitsOf (local.get $hash))))
          (br_if $each (i32.eqz (i32.and (i32.const 1)
            (i32.shr_u (i32.load (local.get $bits)) (i32.shr_u (local.get $hash) (global.get $shift))))))
          (i32.store (local.get $bits) (i32.and (i32.load (local.get $bits))
            (i32.rotl (i32.const -2) (i32.shr_u (local.get $hash) (global.get $shift)))))
          (call $put (local.get $hash) (call $fingerprint (i32.add (local.get $p) (local.get $at)))
            (i32.load8_u offset=65536 (i32.load16_u offset=35405824
              (i32.shl (i32.shr_u (local.get $hash) (global.get $shift)) (i32.const 1)))))
          (br $each)))
      (local.set $p (i32.add (local.get $p) (local.get $some)))
      (br_if $block (local.tee $count (i32.sub (local.get $count) (local.get $some)))))
    ;; What was looked at must be of use, or it would not be looked at.
    (global.set $seen (local.get $seen)))
)
