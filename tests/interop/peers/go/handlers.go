// The services, answered in Go: the same for Apache's Thrift and for Kitex, which generate the same
// interfaces.
package main

import (
	"context"
	"errors"
	"fmt"

	"holdfast.interop/peer/gen/thrifttest"
)

// What a test asks to learn what came with the call; see the peer's describeCall.
const askForCall = "what came with this call"

type testHandler struct{}

func (testHandler) TestVoid(context.Context) error { return nil }

func (testHandler) TestString(ctx context.Context, thing string) (string, error) {
	if thing == askForCall {
		return describeCall(ctx), nil
	}
	return thing, nil
}

func (testHandler) TestBool(_ context.Context, thing bool) (bool, error)       { return thing, nil }
func (testHandler) TestByte(_ context.Context, thing int8) (int8, error)       { return thing, nil }
func (testHandler) TestI32(_ context.Context, thing int32) (int32, error)      { return thing, nil }
func (testHandler) TestI64(_ context.Context, thing int64) (int64, error)      { return thing, nil }
func (testHandler) TestBinary(_ context.Context, thing []byte) ([]byte, error) { return thing, nil }
func (testHandler) TestSet(_ context.Context, thing []int32) ([]int32, error)  { return thing, nil }
func (testHandler) TestList(_ context.Context, thing []int32) ([]int32, error) { return thing, nil }

func (testHandler) TestDouble(_ context.Context, thing float64) (float64, error) {
	return thing, nil
}

func (testHandler) TestStruct(
	_ context.Context, thing *thrifttest.Xtruct,
) (*thrifttest.Xtruct, error) {
	return thing, nil
}

func (testHandler) TestNest(
	_ context.Context, thing *thrifttest.Xtruct2,
) (*thrifttest.Xtruct2, error) {
	return thing, nil
}

func (testHandler) TestMap(_ context.Context, thing map[int32]int32) (map[int32]int32, error) {
	return thing, nil
}

func (testHandler) TestStringMap(
	_ context.Context, thing map[string]string,
) (map[string]string, error) {
	return thing, nil
}

func (testHandler) TestEnum(
	_ context.Context, thing thrifttest.Numberz,
) (thrifttest.Numberz, error) {
	return thing, nil
}

func (testHandler) TestTypedef(
	_ context.Context, thing thrifttest.UserId,
) (thrifttest.UserId, error) {
	return thing, nil
}

func (testHandler) TestMapMap(context.Context, int32) (map[int32]map[int32]int32, error) {
	reply := map[int32]map[int32]int32{-4: {}, 4: {}}
	for n := int32(1); n <= 4; n++ {
		reply[4][n] = n
		reply[-4][-n] = -n
	}
	return reply, nil
}

func (testHandler) TestInsanity(
	_ context.Context, argument *thrifttest.Insanity,
) (map[thrifttest.UserId]map[thrifttest.Numberz]*thrifttest.Insanity, error) {
	return map[thrifttest.UserId]map[thrifttest.Numberz]*thrifttest.Insanity{
		1: {thrifttest.Numberz_TWO: argument, thrifttest.Numberz_THREE: argument},
		2: {thrifttest.Numberz_SIX: thrifttest.NewInsanity()},
	}, nil
}

func (testHandler) TestMulti(
	_ context.Context, arg0 int8, arg1 int32, arg2 int64, _ map[int16]string,
	_ thrifttest.Numberz, _ thrifttest.UserId,
) (*thrifttest.Xtruct, error) {
	return &thrifttest.Xtruct{
		StringThing: "Hello2", ByteThing: arg0, I32Thing: arg1, I64Thing: arg2,
	}, nil
}

func (testHandler) TestException(_ context.Context, arg string) error {
	switch arg {
	case "Xception":
		return &thrifttest.Xception{ErrorCode: 1001, Message: arg}
	case "TException":
		return errors.New("nobody declared this")
	}
	return nil
}

func (testHandler) TestMultiException(
	_ context.Context, arg0, arg1 string,
) (*thrifttest.Xtruct, error) {
	switch arg0 {
	case "Xception":
		return nil, &thrifttest.Xception{ErrorCode: 1001, Message: "This is an Xception"}
	case "Xception2":
		return nil, &thrifttest.Xception2{
			ErrorCode:   2002,
			StructThing: &thrifttest.Xtruct{StringThing: "This is an Xception2"},
		}
	}
	return &thrifttest.Xtruct{StringThing: arg1}, nil
}

func (testHandler) TestOneway(_ context.Context, seconds int32) error {
	fmt.Printf("oneway %d\n", seconds)
	return nil
}

type secondHandler struct{}

func (secondHandler) SecondtestString(_ context.Context, thing string) (string, error) {
	return `testString("` + thing + `")`, nil
}
