/// `1 host`, `2 hosts`; `3 policies` where an `s` is not all that is missing.
func counted(_ count: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
  "\(count) \(count == 1 ? one : many ?? one + "s")"
}
