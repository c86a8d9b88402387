package naming

import "testing"

func TestWithExtension(t *testing.T) {
	for _, c := range []struct{ name, old, ext, want string }{
		{"photo", "jpg", "jpg", "photo.jpg"},
		{"photo.jpg", "jpg", "jpg", "photo.jpg"},
		{"photo.JPG", "jpg", "jpg", "photo.jpg"},
		{"photo.jpg", "jpg", "png", "photo.png"},
		{"photo.jpeg", "jpg", "jpg", "photo.jpeg.jpg"},
		{"photojpg", "jpg", "jpg", "photojpg.jpg"},
		{"Poster v1.2", "", "", "Poster v1.2"},
		{"Poster v1.2", "", "jpg", "Poster v1.2.jpg"},
		{"backup.tar.gz", "gz", "gz", "backup.tar.gz"},
		{".jpg", "jpg", "jpg", ".jpg.jpg"},
		{"jpg", "jpg", "jpg", "jpg.jpg"},
		{"", "jpg", "jpg", ".jpg"},
		{"", "", "", ""},
	} {
		if got := WithExtension(c.name, c.old, c.ext); got != c.want {
			t.Errorf("WithExtension(%q, %q, %q) = %q, want %q", c.name, c.old, c.ext, got, c.want)
		}
	}
}

// An extension that is known apart from the name is that one, whatever the name looks like.
func TestTemplateKnownExtension(t *testing.T) {
	for _, c := range []struct{ filename, ext, template, want string }{
		{"Report v1.2", "", "{id}.{ext}", "ID"},
		{"Report v1.2", "", "{stem}", "Report v1.2"},
		{"x.tar.gz", "gz", "{stem} {ext}", "x.tar gz"},
		{"photo.jpg", "jpg", "{stem}-{id}.{ext}", "photo-ID.jpg"},
		{"photo.a?b", "a?b", "{id}.{ext}", "ID.a_b"},
		{"photo.../../x", "../../x", "{id}.{ext}", "ID._x"},
	} {
		tmpl, err := Parse(c.template)
		if err != nil {
			t.Fatal(err)
		}
		if got := tmpl.Path(Fields{ID: "ID", Filename: c.filename, Ext: &c.ext}); got != c.want {
			t.Errorf("%s of %q with the extension %q: got %q, want %q", c.template, c.filename, c.ext, got, c.want)
		}
	}
}
