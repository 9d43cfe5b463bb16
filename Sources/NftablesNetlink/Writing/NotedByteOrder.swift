internal import Nftables

/// In which order nft(8) notes that a set keeps its numbers (`enum byteorder`, nft's datatype.h); it
/// needs the note to print what it lists.
enum NotedByteOrder: UInt32 {
  case none = 0
  case host = 1
  case big = 2

  /// Of a key or of data with these fields.
  init(_ fields: [DataType]) {
    guard fields.count == 1, let type = fields.first else {
      self = .none
      return
    }
    self = type.isHostOrdered ? .host : type == .verdict ? .none : .big
  }
}

extension DataType {
  /// Bytes of each field of a concatenation, so that the fields, each padded to a multiple of 4, make
  /// up the whole; `nil` when they cannot.
  static func lengths(of fields: [DataType], total: Int) -> [Int]? {
    let known = fields.map(\.byteCount)
    let padded = known.reduce(0) { $0 + (($1 ?? 0) + 3) & ~3 }
    let unknown = known.count { $0 == nil }
    if unknown == 0 { return padded == total ? known.compactMap { $0 } : nil }
    // One field of unknown width has what the others leave.
    guard unknown == 1, total > padded else { return nil }
    return known.map { $0 ?? total - padded }
  }
}
