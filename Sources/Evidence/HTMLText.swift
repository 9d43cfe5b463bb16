internal import Diagnostics

/// Text for its place within a page: whatever it holds, it ends nothing there and begins nothing. No text of an inventory stands
/// within a script or a style.
enum HTMLText {
  /// As the content of an element, or the value of an attribute within double quotes.
  ///
  /// Control, bidirectional and invisible characters are shown as code points: who writes a reason must not reorder what an
  /// auditor reads.
  static func escaped(_ text: String) -> String {
    var plain = ""
    for scalar in text.unicodeScalars {
      plain.unicodeScalars.append(scalar == "\n" || scalar == "\r" || scalar == "\t" ? " " : scalar)
    }
    var out = ""
    for scalar in SafeText.escaped(plain).unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}
