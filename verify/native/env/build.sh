set -eu
# Only the end of the player itself says whether it is shown; whatever else ends this, nothing was run.
known=2 dir=
trap 'rm -rf "$dir" || :; exit $known' EXIT
[ $# -eq 1 ] && [ -f "$1/arch/arm64/kvm/hyp/nvhe/ffa.c" ] || { echo "usage: sh $0 TREE    (a kernel tree, as it was judged)" >&2; exit 2; }
tree=$(cd "$1" && pwd)
cc=${CC:-$(command -v cc || command -v gcc || command -v clang || echo cc)}
dir=$(mktemp -d)
ffa=$tree/arch/arm64/kvm/hyp/nvhe/ffa.c main=$tree/arch/arm64/kvm/hyp/nvhe/hyp-main.c
pkvm=$tree/arch/arm64/include/asm/kvm_pkvm.h nvhe=$tree/arch/arm64/kvm/hyp/include/nvhe
arm_ffa=$tree/include/linux/arm_ffa.h smccc=$tree/include/linux/arm-smccc.h

# No name of a header leads out of the tree: what a compiler says of such a file has lines of it.
outside='^[[:space:]]*#[[:space:]]*include(_next)?[[:space:]]*[<"]([[:space:]]*/|([^>"]*/)?\.\./)'
stays() {
	if grep -E "$outside" "$1" >&2; then
		echo "$0: ${2#"$tree"/} includes a file by a path that leads out of its tree: not compiled" >&2
		exit 2
	fi
}

# Every header that these files name is empty: this program says what is needed of them, or reads them itself.
for file in "$ffa" "$arm_ffa" "$smccc" "$nvhe/ffa.h" "$nvhe/arm-smccc.h"; do
	[ -f "$file" ] || continue
	stays "$file" "$file"
	sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]\([A-Za-z0-9_./-]*\)[>"].*/\1/p' "$file"
done > "$dir/names"
sort -u "$dir/names" | while read -r name; do
	mkdir -p "$dir/$(dirname "$name")"
	: > "$dir/$name"
done

# The caller of the proxy, and two definitions, as the tree has them.
pick() { [ ! -f "$1" ] || sed -n "$2" "$1"; }
pick "$main" '/^static void default_host_smc_handler(/,/^}/p; /^static void handle_host_smc(/,/^}/p' > "$dir/caller.h"
pick "$pkvm" '/^#define[[:space:]]*KVM_FFA_MBOX_NR_PAGES/p; /^static inline .*hyp_ffa_proxy_pages(void)/,/^}/p' > "$dir/pkvm.h"
stays "$dir/caller.h" "$main"
stays "$dir/pkvm.h" "$pkvm"
has() { if grep -q "$1" "$2"; then echo "-D$3"; fi; }
set -- $(has handle_host_smc "$dir/caller.h" HAS_CALLER) $(has hyp_ffa_proxy_pages "$dir/pkvm.h" HAS_PROXY_PAGES) \
	$(has 'struct ffa_mem_region_addr_range' "$arm_ffa" HAS_REGIONS)

compile() { $cc @FLAGS@ "$@" || { echo "$0: $cc does not compile it" >&2; exit 2; }; }
compile -w @ERRORS@ -DPROXY "$@" -DCONFIG_ARM64 -DCONFIG_64BIT -D__KVM_NVHE_HYPERVISOR__ \
	-I "$dir" -I "$tree" -x c -c "$0" -o "$dir/proxy.o"
compile -x c -c "$0" -o "$dir/player.o"
compile "$dir/proxy.o" "$dir/player.o" -o "$dir/replay"
status=0
${RUN:-} "$dir/replay" || status=$?
case $status in 10) known=0 ;; 11) known=1 ;; esac
exit $known
