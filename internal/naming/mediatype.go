package naming

import (
	"mime"
	"strings"
)

// imageExtensions maps media types to their extensions, if those differ from the subtype.
var imageExtensions = map[string]string{
	"image/jpeg": "jpg", "image/pjpeg": "jpg", "image/tiff": "tif", "image/svg+xml": "svg", "image/x-icon": "ico",
	"image/vnd.microsoft.icon": "ico", "image/vnd.adobe.photoshop": "psd", "application/pdf": "pdf",
}

// ImageName returns the name of an image that was derived from a file: the file's stem, a hyphen and made, and
// the extension of its media type or, if that is unknown, ext, which may be "".
func ImageName(file, made, mediaType, ext string) string {
	stem := Safe(file)
	if cut, old := split(stem); isImageExt(old) {
		stem = cut
	}
	mediaType, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		mediaType = ""
	}
	known := imageExtensions[mediaType]
	if kind, subtype, _ := strings.Cut(mediaType, "/"); known == "" && kind == "image" && isExt(subtype) {
		known = strings.TrimPrefix(subtype, "x-")
	}
	if known == "" {
		known = ext
	}
	return join(stem+"-"+made, known)
}

// isImageExt reports whether the text after the last dot of an image's name is probably its extension, and not
// the end of a name such as "Poster v1.2".
func isImageExt(ext string) bool {
	letters := strings.TrimFunc(ext, func(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }) == ""
	return letters && (len(ext) == 3 || len(ext) == 4)
}
