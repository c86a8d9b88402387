//go:build !linux

package download_test

import "errors"

func mount(string, string) (unmount func(), err error) { return nil, errors.ErrUnsupported }

func remount(string, string) error { return errors.ErrUnsupported }
